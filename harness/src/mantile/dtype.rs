//! Mantile's dtypes.

/// Bytes of an element by Mantile's count (`DataType.bytes_per_element` of `backend/layers/base.py`, at
/// release 72ff84e): of a format with block scales, a 32nd of each scale with it.
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
