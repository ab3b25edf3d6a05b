//! The program from its command line, and the suite against broken inputs.
