//! Files and folders that a name leads to, opened so that nobody can put
//! another in their place meanwhile, and judged by what was opened. Effects.
//!
//! Between a look at a name and its use, whoever may write to a folder on the
//! way may let it lead elsewhere. So every folder on the way, every link and the
//! file itself are opened one after the other, each relative to the one before,
//! and each is judged by its descriptor.

mod accounts;
mod distrust;
mod edit;
mod folder;
mod walk;

pub use distrust::{Distrust, is_root, rely_on};
pub use edit::{Edited, edit};
pub use folder::{Folder, append, replace};
pub use walk::{Opened, doubt, doubt_to_be, foreign_link, open};
