#include "drivers/core/kernels/goodness.hpp"

#include "drivers/core/kernels/activation.hpp"
#include "drivers/core/kernels/vector.hpp"

namespace phyll::kernels {
namespace {

struct Judgement {
    float goodness;
    float norm; ///< |a|
};

template <Activation activation>
[[gnu::always_inline]] inline Judgement judge(const GoodnessLayer& layer, const float* z) {
    Floats along{};
    Floats square{};
    for (std::size_t j = 0; j < layer.width; j += lanes) {
        const std::size_t left = layer.width - j;
        const Floats a = activate<activation>(load_some(z + j, left));
        along += a * load_some(layer.projection + j, left);
        square += a * a;
    }
    const float norm = __builtin_sqrtf(sum_of_lanes(square));
    return {sum_of_lanes(along) / (norm + goodness_epsilon), norm};
}

/// Replaces z by slope dg/dz, with dg/da = (p - g a / |a|) / (|a| + epsilon) from the quotient
/// rule.
template <Activation activation>
[[gnu::always_inline]] inline void
differentiate(const GoodnessLayer& layer, const Judgement& judgement, float slope, float* z) {
    const float pull = judgement.norm > 0.0F ? judgement.goodness / judgement.norm : 0.0F;
    const float scale = slope / (judgement.norm + goodness_epsilon);
    for (std::size_t j = 0; j < layer.width; j += lanes) {
        const std::size_t left = layer.width - j;
        const Floats here = load_some(z + j, left);
        const Floats p = load_some(layer.projection + j, left);
        const Floats towards = scale * (p - pull * activate<activation>(here));
        store_some(times_slope<activation>(towards, here), z + j, left);
    }
}

template <Activation activation>
void goodness_of(const GoodnessLayer& layer, const float* z, std::size_t samples, float* goodness) {
    for (std::size_t i = 0; i < samples; ++i) {
        goodness[i] = judge<activation>(layer, z + i * layer.width).goodness;
    }
}

template <Activation activation>
void pair_gradient(const GoodnessLayer& layer, double theta, double share, float* positive,
                   float* negative, std::size_t pairs, PairScore* scores) {
    for (std::size_t i = 0; i < pairs; ++i) {
        float* const up = positive + i * layer.width;
        float* const down = negative + i * layer.width;
        const Judgement right = judge<activation>(layer, up);
        const Judgement wrong = judge<activation>(layer, down);
        const double margin = theta * (double{right.goodness} - double{wrong.goodness});
        // Of -|margin| alone, so that nothing overflows.
        const double small = __builtin_exp(-__builtin_fabs(margin));
        scores[i] = {.loss = (margin < 0.0 ? -margin : 0.0) + __builtin_log1p(small),
                     .positive = right.goodness,
                     .negative = wrong.goodness};
        // dL/dg of the positive sample is -slope, of the negative one +slope.
        const double weight = (margin < 0.0 ? 1.0 : small) / (1.0 + small);
        const auto slope = static_cast<float>(theta * share * weight);
        differentiate<activation>(layer, right, -slope, up);
        differentiate<activation>(layer, wrong, slope, down);
    }
}

template <Activation activation>
void activate_all(const float* z, std::size_t count, float* a) {
    for (std::size_t i = 0; i < count; i += lanes) {
        const std::size_t left = count - i;
        store_some(activate<activation>(load_some(z + i, left)), a + i, left);
    }
}

} // namespace

void phyll_activate(Activation activation, const float* z, std::size_t count, float* a) {
    switch (activation) {
    case Activation::abs:
        return activate_all<Activation::abs>(z, count, a);
    case Activation::relu:
        return activate_all<Activation::relu>(z, count, a);
    case Activation::identity:
        return activate_all<Activation::identity>(z, count, a);
    }
}

void phyll_goodness(const GoodnessLayer* layer, const float* z, std::size_t samples,
                    float* goodness) {
    switch (layer->activation) {
    case Activation::abs:
        return goodness_of<Activation::abs>(*layer, z, samples, goodness);
    case Activation::relu:
        return goodness_of<Activation::relu>(*layer, z, samples, goodness);
    case Activation::identity:
        return goodness_of<Activation::identity>(*layer, z, samples, goodness);
    }
}

void phyll_pair_gradient(const GoodnessLayer* layer, double theta, double share, float* positive,
                         float* negative, std::size_t pairs, PairScore* scores) {
    switch (layer->activation) {
    case Activation::abs:
        return pair_gradient<Activation::abs>(*layer, theta, share, positive, negative, pairs,
                                              scores);
    case Activation::relu:
        return pair_gradient<Activation::relu>(*layer, theta, share, positive, negative, pairs,
                                               scores);
    case Activation::identity:
        return pair_gradient<Activation::identity>(*layer, theta, share, positive, negative, pairs,
                                                   scores);
    }
}

} // namespace phyll::kernels
