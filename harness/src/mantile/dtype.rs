//! Mantile's dtypes.

/// The bytes of one element by Mantile's count (`DataType.bytes_per_element` of `backend/layers/base.py`, at release
/// 72ff84e). A format with block scales includes each element's share of the scale.
#[must_use]
pub fn dtype_bytes(dtype: &str) -> Option<f64> {
    Some(match dtype {
        "fp32" => 4.0,
        "fp16" | "bf16" => 2.0,
        "fp8" | "int8" => 1.0,
        "mxfp8" | "nvfp8" => 8.25 / 8.0,
        "mxfp4" => 4.25 / 8.0,
        "nvfp4" => 4.5 / 8.0,
        _ => return None,
    })
}
