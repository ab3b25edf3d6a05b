//! Checks of sets of rows against other rows: is a whole source, or a part of it, slower or faster throughout?

mod check;
mod contrast;
mod counterparts;
mod set;

pub(super) use check::check;
