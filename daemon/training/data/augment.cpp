#include "daemon/training/data/augment.hpp"

#include "daemon/training/data/image.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>
#include <vector>

namespace phyll::training {
namespace {

constexpr const char* shift_field = "data.augment.shift";

/// Where the copies of an image are moved, in units of the shift.
constexpr std::array<Shift, 4> directions{{
    {.down = -1, .right = 0},
    {.down = 1, .right = 0},
    {.down = 0, .right = -1},
    {.down = 0, .right = 1},
}};

ImageShape check_shift(const SplitData& loaded, const phyll::v1::DataSpec& spec) {
    const std::uint32_t shift = spec.augment().shift();
    const std::optional<ImageShape>& image = loaded.data.inputs.image();
    if (!image) {
        throw invalid_field(
            shift_field,
            fmt::format("{}; only images can be moved, and these samples of kind '{}' are none: "
                        "valid is 0. Images are those of kind 'digits', and of kind 'idx' or "
                        "'numpy' with the shape samples x height x width",
                        shift, spec.kind()));
    }
    const std::size_t smaller = std::min(image->height, image->width);
    if (shift >= smaller) {
        throw invalid_field(
            shift_field,
            fmt::format("{}; the images of kind '{}' are {} x {} pixels, and have to be larger "
                        "than the shift: valid is 0 to {}",
                        shift, spec.kind(), image->height, image->width, smaller - 1));
    }
    constexpr std::uint64_t most_samples = std::numeric_limits<std::uint32_t>::max();
    const std::uint64_t copies = std::uint64_t{directions.size()} * loaded.split.training.size();
    if (loaded.data.samples() + copies > most_samples) {
        throw invalid_field(
            shift_field,
            fmt::format("{}; {} samples and {} copies are more than can be counted: with a smaller "
                        "data.training_samples, or a shift of 0, there are at most {}",
                        shift, loaded.data.samples(), copies, most_samples));
    }
    return *image;
}

/// The copies of those samples, original after original.
Samples shifted(const Samples& inputs, std::vector<std::uint32_t> originals,
                const ImageShape& image, std::ptrdiff_t shift) {
    const std::size_t count = directions.size() * originals.size();
    return {inputs.features(), count,
            [inputs, originals = std::move(originals), image, shift](std::size_t copy,
                                                                     std::span<float> into) {
                const auto [down, right] = directions[copy % directions.size()];
                inputs.read(originals[copy / directions.size()], into);
                shift_image(image, {.down = shift * down, .right = shift * right}, into);
            }};
}

} // namespace

std::size_t shown_as(const phyll::v1::DataSpec& spec) {
    return spec.augment().shift() == 0 ? 1 : 1 + directions.size();
}

void augment(SplitData& loaded, const phyll::v1::DataSpec& spec) {
    if (shown_as(spec) == 1) {
        return;
    }
    const ImageShape image = check_shift(loaded, spec);
    DataSet& data = loaded.data;
    const std::vector<std::uint32_t> originals = std::move(loaded.split.training);
    loaded.split.training = {};
    loaded.split.shown_as = shown_as(spec);
    for (const std::uint32_t original : originals) {
        loaded.split.training.push_back(original);
        for (std::size_t copy = 0; copy < directions.size(); ++copy) {
            loaded.split.training.push_back(static_cast<std::uint32_t>(data.labels.size()));
            data.labels.push_back(data.labels[original]);
        }
    }
    data.inputs = data.inputs.followed_by(
        shifted(data.inputs, originals, image, std::ptrdiff_t{spec.augment().shift()}));
}

} // namespace phyll::training
