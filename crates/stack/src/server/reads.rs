//! How a read is called that is made beside others, where functions that pages call run one after the other: by its address.

use super::function::Input;
use edit::RelPath;
use project::Project;
use project::package::App;

/// What is asked of a server whose functions wait for one another.
pub trait Reads: Sync {
    /// The folder of what pages call, seen from the app; `None` if its names are taken, or an address of the app would not be met.
    fn folder(&self, project: &Project, app: &App) -> Option<&'static str>;
    /// The module of the calls for a module of functions, seen from the app.
    fn module(&self, folder: &str, name: &str) -> String;
    /// What stands before and behind the calls of a module; `functions` is how it names the module of the functions.
    fn frame(&self, functions: &str) -> (String, String);
    /// The call of a function, by its address.
    fn call(&self, function: &str, input: &Input, url: &str) -> String;
    /// The address of a function, without the slash in front.
    fn url(&self, module: &str, function: &str) -> String;
    /// The place of what answers at an address.
    fn route(&self, project: &Project, app: &App, url: &str) -> Option<RelPath>;
    /// What answers there; `functions` and `response` are how it names the modules of the function and of what makes its answer.
    fn answer(&self, function: &str, input: &Input, functions: &str, response: &str) -> String;
}
