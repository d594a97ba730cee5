#include "drivers/core/kernels/class_goodness.hpp"

#include "drivers/core/kernels/activation.hpp"
#include "drivers/core/kernels/vector.hpp"

namespace phyll::kernels {
namespace {

/// Fills in the goodness for every class; returns |a|.
template <Activation activation>
[[gnu::always_inline]] inline float judge_classes(const ClassLayer& layer, const float* z,
                                                  float* goodness) {
    Floats square{};
    for (std::size_t j = 0; j < layer.width; j += lanes) {
        const Floats a = activate<activation>(load_some(z + j, layer.width - j));
        square += a * a;
    }
    const float norm = __builtin_sqrtf(sum_of_lanes(square));
    for (std::size_t c = 0; c < layer.classes; ++c) {
        const float* direction = layer.directions + c * layer.width;
        Floats along{};
        for (std::size_t j = 0; j < layer.width; j += lanes) {
            const std::size_t left = layer.width - j;
            along += activate<activation>(load_some(z + j, left)) * load_some(direction + j, left);
        }
        goodness[c] = sum_of_lanes(along) / (norm + goodness_epsilon);
    }
    return norm;
}

struct Softened {
    ClassScore score;
    float along; ///< sum_c q_c g_c
};

/// Turns goodness into q, softmax(theta g) less the label's one.
[[gnu::always_inline]] inline Softened soften(const ClassLayer& layer, double theta,
                                              std::uint32_t label, float* goodness) {
    std::uint32_t best = 0;
    for (std::uint32_t c = 1; c < layer.classes; ++c) {
        best = goodness[c] > goodness[best] ? c : best;
    }
    const double most = double{goodness[best]};
    const double own = double{goodness[label]};
    double total = 0.0;
    double mean = 0.0;
    for (std::size_t c = 0; c < layer.classes; ++c) {
        // Never above 1, so that nothing overflows.
        const double weight = __builtin_exp(theta * (double{goodness[c]} - most));
        total += weight;
        mean += weight * double{goodness[c]};
        goodness[c] = static_cast<float>(weight);
    }
    for (std::size_t c = 0; c < layer.classes; ++c) {
        const double share = double{goodness[c]} / total;
        goodness[c] = static_cast<float>(share - (c == label ? 1.0 : 0.0));
    }
    return {.score = {.loss = __builtin_log(total) - theta * (own - most), .best = best},
            .along = static_cast<float>(mean / total - own)};
}

/// Replaces z by scale times the gradient, with
/// dL/da = theta (sum_c q_c p_c - (sum_c q_c g_c) a / |a|) / (|a| + epsilon).
template <Activation activation>
[[gnu::always_inline]] inline void differentiate(const ClassLayer& layer, const float* slopes,
                                                 float along, float norm, float scale, float* z) {
    const float pull = norm > 0.0F ? along / norm : 0.0F;
    const float each = scale / (norm + goodness_epsilon);
    for (std::size_t j = 0; j < layer.width; j += lanes) {
        const std::size_t left = layer.width - j;
        Floats towards{};
        for (std::size_t c = 0; c < layer.classes; ++c) {
            towards += slopes[c] * load_some(layer.directions + c * layer.width + j, left);
        }
        const Floats here = load_some(z + j, left);
        const Floats slope = each * (towards - pull * activate<activation>(here));
        store_some(times_slope<activation>(slope, here), z + j, left);
    }
}

template <Activation activation>
void class_goodness(const ClassLayer& layer, const float* z, std::size_t samples, float* goodness) {
    for (std::size_t i = 0; i < samples; ++i) {
        judge_classes<activation>(layer, z + i * layer.width, goodness + i * layer.classes);
    }
}

template <Activation activation>
void class_gradient(const ClassLayer& layer, double theta, double share, float* z,
                    const std::uint32_t* labels, std::size_t samples, float* scratch,
                    ClassScore* scores) {
    for (std::size_t i = 0; i < samples; ++i) {
        float* const sample = z + i * layer.width;
        const float norm = judge_classes<activation>(layer, sample, scratch);
        const Softened softened = soften(layer, theta, labels[i], scratch);
        scores[i] = softened.score;
        differentiate<activation>(layer, scratch, softened.along, norm,
                                  static_cast<float>(theta * share), sample);
    }
}

} // namespace

void phyll_class_goodness(const ClassLayer* layer, const float* z, std::size_t samples,
                          float* goodness) {
    switch (layer->activation) {
    case Activation::abs:
        return class_goodness<Activation::abs>(*layer, z, samples, goodness);
    case Activation::relu:
        return class_goodness<Activation::relu>(*layer, z, samples, goodness);
    case Activation::identity:
        return class_goodness<Activation::identity>(*layer, z, samples, goodness);
    }
}

void phyll_class_gradient(const ClassLayer* layer, double theta, double share, float* z,
                          const std::uint32_t* labels, std::size_t samples, float* scratch,
                          ClassScore* scores) {
    switch (layer->activation) {
    case Activation::abs:
        return class_gradient<Activation::abs>(*layer, theta, share, z, labels, samples, scratch,
                                               scores);
    case Activation::relu:
        return class_gradient<Activation::relu>(*layer, theta, share, z, labels, samples, scratch,
                                                scores);
    case Activation::identity:
        return class_gradient<Activation::identity>(*layer, theta, share, z, labels, samples,
                                                    scratch, scores);
    }
}

} // namespace phyll::kernels
