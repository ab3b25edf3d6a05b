//! A row in the making: the facts and figures of a result file, completed by what the user gives.

mod identity;
mod row_draft;
mod settle;

pub(super) use row_draft::Draft;
