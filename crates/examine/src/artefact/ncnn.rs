//! Networks of ncnn in their text form (`.param`): a number, counts of layers and blobs, one layer a line.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Read};

use sakimori_model::FactName;

use crate::artefact::codes;
use crate::catalogue::finding;
use crate::report::Report;
use crate::source::{Source, SourceReader};

/// The first line of every network.
pub const MARK: &str = "7767517\n";
/// Bytes of a line.
const LINE_BYTES_MAX: u64 = 1024 * 1024;
/// Layers of one network.
const LAYERS_MAX: u64 = 1_000_000;
/// Types of layers that are reported.
const FINDINGS_MAX: usize = 50;

/// Layers that come with ncnn. Any other is code that the application registers.
#[rustfmt::skip]
const LAYERS: &[&str] = &[
    "AbsVal", "ArgMax", "BNLL", "BatchNorm", "Bias", "BinaryOp", "CELU", "Cast", "Clip", "Concat", "Convolution",
    "Convolution1D", "Convolution3D", "ConvolutionDepthWise", "ConvolutionDepthWise1D", "ConvolutionDepthWise3D",
    "CopyTo", "Crop", "CumulativeSum", "Deconvolution", "Deconvolution1D", "Deconvolution3D",
    "DeconvolutionDepthWise", "DeconvolutionDepthWise1D", "DeconvolutionDepthWise3D", "DeepCopy", "DeformableConv2D",
    "Dequantize", "DetectionOutput", "Diag", "Dropout", "ELU", "Einsum", "Eltwise", "Embed", "Erf", "Exp",
    "ExpandDims", "Flatten", "Flip", "Fold", "GELU", "GLU", "GRU", "Gemm", "GridSample", "GroupNorm", "HardSigmoid",
    "HardSwish", "InnerProduct", "Input", "InstanceNorm", "Interp", "InverseSpectrogram", "LRN", "LSTM", "LayerNorm",
    "Log", "MVN", "MatMul", "MemoryData", "Mish", "MultiHeadAttention", "Noop", "Normalize", "PReLU", "PSROIPooling",
    "Packing", "Padding", "Permute", "PixelShuffle", "Pooling", "Pooling1D", "Pooling3D", "Power", "PriorBox",
    "Proposal", "Quantize", "RMSNorm", "RNN", "ROIAlign", "ROIPooling", "ReLU", "Reduction", "Reorg", "Requantize",
    "Reshape", "RotaryEmbed", "SDPA", "SELU", "SPP", "Scale", "Shrink", "ShuffleChannel", "Sigmoid", "Silence",
    "Slice", "Softmax", "Softplus", "Spectrogram", "Split", "Squeeze", "StatisticsPooling", "Swish", "TanH",
    "Threshold", "Tile", "UnaryOp", "Unfold", "Yolov3DetectionOutput", "YoloDetectionOutput",
];

/// Examines a network.
pub fn examine(source: &dyn Source, report: &mut Report<'_>) {
    report.ran("ncnn", 1);
    report.fact(FactName::Library, "ncnn");
    if let Err(e) = walk(source, report) {
        report.unreadable(&e);
    }
}

fn walk(source: &dyn Source, report: &mut Report<'_>) -> io::Result<()> {
    let mut input = BufReader::with_capacity(64 * 1024, SourceReader::new(source));
    let (mut number, mut at, mut stated, mut layers) = (0_u64, 0, None, 0);
    let mut told = BTreeSet::new();
    loop {
        let mut line = Vec::new();
        let count = Read::take(&mut input, LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
        if count == 0 {
            break;
        }
        if count as u64 == LINE_BYTES_MAX || layers > LAYERS_MAX {
            report.over("ncnn_line_bytes_max", LINE_BYTES_MAX);
            return Ok(());
        }
        let text = String::from_utf8_lossy(&line);
        let mut words = text.split_whitespace();
        match (number, words.next()) {
            (0, _) | (_, None) => {}
            (1, first) => stated = first.and_then(|word| word.parse::<u64>().ok()),
            (_, Some(kind)) => {
                layers += 1;
                if !LAYERS.contains(&kind) && told.len() < FINDINGS_MAX && told.insert(kind.to_owned()) {
                    report.add(finding(&codes::APPLICATION_CODE, report.byte(at)).with("name", kind));
                }
            }
        }
        number += 1;
        at += count as u64;
    }
    if stated != Some(layers) {
        let what = "not as many layers as it states";
        report.add(finding(&codes::STRUCTURE, report.whole()).with("format", "ncnn").with("what", what));
    }
    Ok(())
}
