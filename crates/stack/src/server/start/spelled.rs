//! A server function as text.

use crate::server::function::{Access, Function, Input, WIDTH, comment};
use edit::Piece;

/// `export const listTasks = createServerFn(...)…`, with `db`, `user` and `input` in scope of what it does.
pub(super) fn function(function: &Function<'_>) -> Vec<Piece> {
    let Function { name, doc, access, input, body, validator } = function;
    let word = match access {
        Access::SignedIn => "authed",
        Access::Anyone => "anyone",
    };
    let mut text =
        format!("\n{}export const {name} = createServerFn({{ method: \"POST\" }})\n", comment(doc));
    text += &format!("  .middleware([{word}])\n");
    let takes = **input != Input::None;
    if takes {
        text += &format!("  .{validator}({})\n", input.broken(2, validator.len() + 2));
    }
    let context = if body.user { "context: { db, user }" } else { "context: { db }" };
    let data = if takes { "data: input, " } else { "" };
    let open = format!("  .handler(({{ {data}{context} }}) => query(");
    text += &open;
    let mut pieces = vec![Piece::text(text)];
    let close = match &body.line {
        Some(line) if open.len() + body.width + 3 <= WIDTH => {
            pieces.extend(line.iter().cloned());
            "));\n"
        }
        Some(line) if 4 + body.width < WIDTH => {
            pieces.push(Piece::text("\n    "));
            pieces.extend(line.iter().cloned());
            ",\n  ));\n"
        }
        _ if body.block => {
            pieces.push(Piece::text("() => "));
            pieces.extend((body.lines)(2));
            "));\n"
        }
        _ => {
            pieces.push(Piece::text("\n    "));
            pieces.extend((body.lines)(4));
            ",\n  ));\n"
        }
    };
    pieces.push(Piece::text(close));
    pieces
}
