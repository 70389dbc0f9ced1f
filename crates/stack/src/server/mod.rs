//! Where server code lives and how it is spelled: a server beside a browser-only app, or the framework's own functions.
//!
//! A trait object each, one file each, one line in [`ALL`]. What the files hold is the business of the codemods, in their templates;
//! here is what several of them must agree on: the folder, the names of the modules, and how they call each other.

pub mod function;
mod hono;
mod next;
pub mod pages;
pub mod reads;
mod start;
mod wiring;
mod worker;

pub use wiring::{Nonce, Wiring};

use crate::framework::Framework;
use edit::{Edit, Piece, RelPath};
use function::{Function, Input};
use project::package::App;
use project::{File, Project};
use syntax::module::Imported;

/// What every codemod may ask of the server of an app.
pub trait Server: Sync {
    /// The name of template folders too: `hono`.
    fn id(&self) -> &'static str;
    /// For people: `a Hono server beside the app`.
    fn title(&self) -> &'static str;
    /// Whether apps of this framework get their server code so.
    fn serves(&self, framework: &dyn Framework) -> bool;
    /// The folder of server code, seen from the app: `server`. The one that is there already, else the first free name; `None` if all
    /// are taken by code of the app's own.
    fn folder(&self, project: &Project, app: &App) -> Option<&'static str>;
    /// The function of the app's own that makes a client with the session of the request, where the session is in its cookies from the
    /// start: then no server is put beside it and no session moves. `Err`: it should be there and is not, or is not sound; what to do.
    fn session_client(&self, _project: &Project, _app: &App) -> Option<Result<SessionClient, String>> {
        None
    }
    /// An edit that lets such a client be made while a page is drawn, when cookies cannot be set; `None` where nothing is in the way.
    fn session_setter(&self, _project: &Project, _client: &SessionClient) -> Option<Edit> {
        None
    }
    /// How a page asks for the session itself, where what stands around it does not keep it from whoever asks for it alone.
    fn pages(&self) -> Option<&'static dyn pages::Pages> {
        None
    }
    /// How reads are called that are made beside others, where functions that pages call wait for one another.
    fn reads(&self) -> Option<&'static dyn reads::Reads> {
        None
    }
    /// The edits that name new modules of routes in a list of them that the framework's build keeps.
    fn listed(&self, _project: &Project, _app: &App, _modules: &[&RelPath]) -> Vec<Edit> {
        Vec::new()
    }
    /// Whether functions stand together by the table that they ask, not by the module that calls them.
    fn groups_by_table(&self) -> bool {
        false
    }
    /// Whether it is the app's own framework that serves, in one process and one build with the pages.
    fn is_within(&self) -> bool {
        false
    }
    /// The folder for everything that has to do with the session, seen from the app, where it has a place of its own.
    fn session_folder(&self) -> Option<&'static str> {
        None
    }
    /// The method by which a function checks what it takes, at the version that the app has.
    fn validator(&self, _project: &Project, _app: &App) -> &'static str {
        ""
    }
    /// Whether the framework brings a check that refuses calls which another site makes, at the version that the app has.
    fn refuses_strangers(&self, _project: &Project, _app: &App) -> bool {
        false
    }
    /// Whether a file answers calls and nothing in it is the app's own: functions as we write them, the gateway for queries. Who may
    /// call them was decided, and said, when they were written.
    fn wrote(&self, _file: &File) -> bool {
        false
    }
    /// Whether a handler of GET that looks at nothing of its request runs once, as the app is built, at the version that the app has.
    fn answers_once(&self, _project: &Project, _app: &App) -> bool {
        false
    }
    /// Whether the app has its server code already, as we write it.
    fn is_there(&self, project: &Project, app: &App) -> bool;
    /// The package and the version that an app must go to before it can have such functions, where that takes nothing else.
    fn raised(&self, _project: &Project, _app: &App) -> Option<(&'static str, &'static str)> {
        None
    }
    /// How the app comes to know its server, in development and in its build; else a sentence that says what stands against it and
    /// what to do.
    fn wiring(&self, project: &Project, app: &App, folder: &str) -> Result<Wiring, String>;
    /// The module of the functions that a browser module needs, seen from the app: `server/functions/tasks.ts` for `tasks`.
    fn function_module(&self, folder: &str, name: &str) -> String;
    /// What stands before the functions of a module, for what they use, and what stands behind them.
    fn function_frame(&self, uses: &FunctionUses) -> (String, String);
    /// One function.
    fn function(&self, function: &Function<'_>) -> Vec<Piece>;
    /// The module that joins all function modules, seen from the app, and its line for one of them; `None` where none is needed.
    fn function_index(&self, folder: &str, name: &str) -> Option<(String, String)>;
    /// The module of thin functions through which pages call those of the module `name`, seen from the app; `None` where they call
    /// The setting with which a call carries more than a form, a whole document say: the key of the configuration that it stands
    /// below, its own key, and the entry.
    fn larger_calls(&self) -> Option<[&'static str; 3]> {
        None
    }
    /// them as they are.
    fn actions_module(&self, _folder: &str, _name: &str) -> Option<String> {
        None
    }
    /// What stands before and behind the actions of a module; `functions` is how it names the module of the functions.
    fn actions_frame(&self, _functions: &str) -> (String, String) {
        (String::new(), String::new())
    }
    /// The action that hands its input to a function.
    fn action(&self, _function: &str, _input: &Input) -> String {
        String::new()
    }
    /// What stands before and behind the input in a call of a function: `api.listTasks(` and `)`. `local`: what the caller is named in
    /// the file, or where there is none, the function.
    fn call(&self, local: &str, function: &str, input: &Input) -> (String, String);
    /// The module below the app's sources that a browser module imports to call functions, and the name it takes from there: `lib/api`
    /// and `api`; `None` where each function is imported by its name from its own module.
    fn caller(&self) -> Option<(&'static str, &'static str)>;
    /// A module of the server's library that functions import, seen from the app: `server/lib/filter.ts` for `filter`.
    fn library(&self, folder: &str, name: &str) -> String;
}

/// A function of the app's own that makes a database client with the session of the request. It is given nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionClient {
    /// Its module.
    pub path: RelPath,
    /// What that exports it as.
    pub imported: Imported,
    /// Whether its client knows the types of the tables.
    pub typed: bool,
}

/// What the functions of one module use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FunctionUses {
    /// The specifier of zod: `zod` or `zod/v4`.
    pub zod: &'static str,
    /// Whether a schema is written with it.
    pub schemas: bool,
    /// Functions for signed-in users.
    pub signed_in: bool,
    /// Functions for everyone.
    pub anyone: bool,
    /// Functions for everyone that ask who is there.
    pub visitor: bool,
    /// Functions that take something.
    pub inputs: bool,
    /// Names from modules of the library: `("filter", "quoted")`; sorted.
    pub library: Vec<(&'static str, &'static str)>,
}

/// All of them.
pub static ALL: &[&dyn Server] = &[&hono::Hono, &next::Next, &start::Start];

/// The server that an app of this framework has or gets.
pub fn of(framework: &dyn Framework) -> Option<&'static dyn Server> {
    ALL.iter().find(|server| server.serves(framework)).copied()
}

/// `path` below the app's folder, as a path of the project.
pub fn in_app(app: &App, path: &str) -> Option<RelPath> {
    RelPath::new(if app.folder.is_empty() { path.to_owned() } else { format!("{}/{path}", app.folder) })
}
