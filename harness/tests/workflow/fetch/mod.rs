//! `extract` over the network, against stand-ins for GitHub, for the store that it redirects downloads to, and for the
//! InferenceX API, each with its faults.

mod archives;
mod cache;
mod downloads;
mod inferencex;
mod limits;
mod refusals;
mod runs;
mod stand_in;
