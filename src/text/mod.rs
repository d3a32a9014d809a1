//! Text on its way to people, shells and URLs: secrets hidden, what a terminal
//! would obey shown as what it is, words quoted, bytes escaped. Pure, and below
//! every room that has a word to say.

mod printable;
mod redaction;
mod shell;
mod url;
mod with_causes;

pub use printable::{bounded_line, is_unprintable, on_screen, one_line};
pub use redaction::{HIDDEN, Redaction};
pub use shell::{quoted, typed};
pub use url::{mask_user_info, percent_encoded, shown_url, user_info};
pub use with_causes::with_causes;
