//! The parts of a chart as SVG that takes its colours from the page: scales, axes, marks and legends.

mod frame;
mod legend;
mod mark;
mod number;
mod scale;

pub(crate) use frame::{BOTTOM, Frame, LEFT, RIGHT, TOP};
pub(crate) use legend::{colouring_legend, legend, legend_mark};
pub(crate) use mark::{COLOURS, colour, corners, line, mark, row_mark};
pub(crate) use number::{brief, px};
pub(crate) use scale::Scale;
