//! The classes that Keras 2 and 3 save by their bare names: layers, losses, metrics, optimizers and the like.

/// True when a name without a module is one of Keras's own. Any other has to be brought along by who loads the model.
#[must_use]
pub fn is_own(name: &str) -> bool {
    let name = name.rsplit('>').next().unwrap_or(name);
    // Plain functions and the types of values have small letters or underscores in front.
    !name.starts_with(|c: char| c.is_ascii_uppercase()) || NAMES.contains(&name)
}

/// Sorted, as exported by Keras, with the older names that its loader still knows.
#[rustfmt::skip]
const NAMES: &[&str] = &[
    "AUC", "AWQConfig", "AWQDTypePolicy", "AbsMaxQuantizer", "Accuracy", "Activation", "ActivityRegularization",
    "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "AdaptiveAveragePooling1D",
    "AdaptiveAveragePooling2D", "AdaptiveAveragePooling3D", "AdaptiveMaxPooling1D", "AdaptiveMaxPooling2D",
    "AdaptiveMaxPooling3D", "Add", "AddV2", "AdditiveAttention", "AlphaDropout", "Attention", "AugMix",
    "AutoContrast", "Average", "AveragePooling1D", "AveragePooling2D", "AveragePooling3D", "AvgPool1D",
    "AvgPool2D", "AvgPool3D", "BatchNormalization", "BatchNormalizationV1", "BatchNormalizationV2",
    "Bidirectional", "BinaryAccuracy", "BinaryCrossentropy", "BinaryFocalCrossentropy", "BinaryIoU", "CTC", "Cast",
    "CategoricalAccuracy", "CategoricalCrossentropy", "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy", "CategoricalHinge", "CategoryEncoding", "CenterCrop", "Circle",
    "ClassInstance", "ClassMethod", "CloneableClass", "Concatenate", "ConcordanceCorrelation", "Constant",
    "Constraint", "ContrastLimitedAdaptiveHistogramEqualization", "Conv1D", "Conv1DTranspose", "Conv2D",
    "Conv2DTranspose", "Conv3D", "Conv3DTranspose", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM2DCell", "ConvLSTM3D",
    "Convolution1D", "Convolution1DTranspose", "Convolution2D", "Convolution2DTranspose", "Convolution3D",
    "Convolution3DTranspose", "CosineDecay", "CosineDecayRestarts", "CosineSimilarity", "Cropping1D", "Cropping2D",
    "Cropping3D", "CuDNNGRU", "CuDNNLSTM", "CutMix", "DTypePolicy", "DTypePolicyMap", "Dense", "DenseFeatures",
    "DepthwiseConv1D", "DepthwiseConv2D", "Dice", "Discretization", "Dot", "Dropout", "ELU", "EinsumDense",
    "Embedding", "Equalization", "ExponentialDecay", "F1Score", "FBetaScore", "FalseNegatives", "FalsePositives",
    "Flatten", "Float8QuantizationConfig", "FloatDTypePolicy", "Ftrl", "Functional", "GPTQConfig",
    "GPTQDTypePolicy", "GRU", "GRUCell", "GRUV1", "GaussianDropout", "GaussianNoise", "GetItem",
    "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D", "GlobalAvgPool1D",
    "GlobalAvgPool2D", "GlobalAvgPool3D", "GlobalMaxPool1D", "GlobalMaxPool2D", "GlobalMaxPool3D",
    "GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D", "GlorotNormal", "GlorotUniform",
    "GroupNormalization", "GroupQueryAttention", "HashedCrossing", "Hashing", "HeNormal", "HeUniform", "Highway",
    "Hinge", "Huber", "Identity", "IdentityInitializer", "Initializer", "Input", "InputLayer", "InputSpec",
    "InstanceMethod", "Int4DTypePolicy", "Int4QuantizationConfig", "Int8QuantizationConfig", "IntegerLookup",
    "InverseTimeDecay", "IoU", "KLDivergence", "KerasTensor", "L1", "L1L2", "L2", "LSTM", "LSTMCell", "LSTMV1",
    "Lamb", "Layer", "LayerNormalization", "LayerNormalizationV1", "LeakyReLU", "LearningRateSchedule",
    "LecunNormal", "LecunUniform", "Lion", "ListWrapper", "LocallyConnected1D", "LocallyConnected2D", "LogCosh",
    "LogCoshError", "Loss", "LossScaleOptimizer", "LossScaleOptimizerV1", "Masking", "MaxNorm",
    "MaxNumBoundingBoxes", "MaxPool1D", "MaxPool2D", "MaxPool3D", "MaxPooling1D", "MaxPooling2D", "MaxPooling3D",
    "Maximum", "MaxoutDense", "Mean", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanIoU",
    "MeanMetricWrapper", "MeanSquaredError", "MeanSquaredLogarithmicError", "MelSpectrogram", "Merge", "Metric",
    "MinMaxNorm", "Minimum", "MixUp", "Model", "MultiHeadAttention", "MultiOptimizer", "Multiply", "Muon", "Nadam",
    "NonNeg", "Normalization", "NotEqual", "OneHotIoU", "OneHotMeanIoU", "Ones", "OpLambda", "Operation",
    "Optimizer", "OptimizerMap", "Orthogonal", "OrthogonalInitializer", "OrthogonalRegularizer", "PReLU",
    "PearsonCorrelation", "PeepholeLSTMCell", "Permute", "PiecewiseConstantDecay", "Pipeline", "Poisson", "Policy",
    "PolicyV1", "PolynomialDecay", "Precision", "PrecisionAtRecall", "QuantizationConfig", "QuantizedDTypePolicy",
    "QuantizedFloat8DTypePolicy", "Quantizer", "R2Score", "RMSNormalization", "RMSprop", "RNN", "RadialConstraint",
    "RandAugment", "RandomBrightness", "RandomColorDegeneration", "RandomColorJitter", "RandomContrast",
    "RandomCrop", "RandomElasticTransform", "RandomErasing", "RandomFlip", "RandomGaussianBlur", "RandomGrayscale",
    "RandomHeight", "RandomHue", "RandomInvert", "RandomNormal", "RandomPerspective", "RandomPosterization",
    "RandomRotation", "RandomSaturation", "RandomSharpness", "RandomShear", "RandomTranslation", "RandomUniform",
    "RandomWidth", "RandomZoom", "ReLU", "Recall", "RecallAtPrecision", "Regularizer", "RepeatVector", "Rescaling",
    "Reshape", "Resizing", "ReversibleEmbedding", "RootMeanSquaredError", "SGD", "STFT", "STFTInitializer",
    "STFTSpectrogram", "ScheduleFreeAdamW", "SeedGenerator", "SensitivityAtSpecificity", "SeparableConv1D",
    "SeparableConv2D", "SeparableConvolution1D", "SeparableConvolution2D", "SequenceFeatures", "Sequential",
    "SimpleRNN", "SimpleRNNCell", "SlicingOpLambda", "Softmax", "Solarization", "SparseCategoricalAccuracy",
    "SparseCategoricalCrossentropy", "SparseTopKCategoricalAccuracy", "SpatialDropout1D", "SpatialDropout2D",
    "SpatialDropout3D", "SpecificityAtSensitivity", "SpectralNormalization", "SquaredHinge", "StackedRNNCells",
    "StaticHashTable", "StringLookup", "Subtract", "Sum", "SyncBatchNormalization", "TFOpLambda",
    "TensorFlowOpLayer", "TensorShape", "TextVectorization", "ThresholdedReLU", "TimeDistributed",
    "TopKCategoricalAccuracy", "TrueNegatives", "TruePositives", "TruncatedNormal", "Tversky", "UnitNorm",
    "UnitNormalization", "UpSampling1D", "UpSampling2D", "UpSampling3D", "VarianceScaling", "Wrapper",
    "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D", "Zeros", "_DictWrapper",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_and_foreign() {
        assert!(is_own("Dense") && is_own("__tuple__") && is_own("function") && is_own("Adam"));
        assert!(!is_own("HospitalMetric") && !is_own("pkg>HospitalLayer"));
        assert!(NAMES.is_sorted());
    }
}
