#include "drivers/rigs/optical/posed.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

namespace phyll::rigs {
namespace {

/// Makes the picture of each kind of pose.
struct Posing {
    const PictureGeometry& geometry;
    const instruments::Slm::Size& display;

    [[nodiscard]] Picture operator()(const ChannelDrive& driven) const {
        if (driven.channel >= geometry.inputs()) {
            throw invalid_field("channel", fmt::format("{}; valid is 0 to {}", driven.channel,
                                                       geometry.inputs() - 1));
        }
        if (!(driven.drive >= 0.0 && driven.drive <= 1.0)) {
            throw invalid_field("drive", fmt::format("{:g}; valid is 0 to 1", driven.drive));
        }
        std::vector<float> drives(geometry.inputs(), 0.0F);
        drives[driven.channel] = static_cast<float>(driven.drive);
        return picture_of(std::span<const float>(drives), geometry, display);
    }

    [[nodiscard]] Picture operator()(const NamedPattern& pattern) const {
        std::vector<float> drives(geometry.inputs(), 0.0F);
        if (pattern.name == "checker") {
            for (std::size_t k = 0; k < drives.size(); ++k) {
                const bool odd = (k / geometry.columns + k % geometry.columns) % 2 != 0;
                drives[k] = odd ? 0.0F : 1.0F;
            }
        } else if (pattern.name != "blank") {
            throw invalid_field(
                "pattern", fmt::format("{}; valid are checker and blank", in_quotes(pattern.name)));
        }
        return picture_of(std::span<const float>(drives), geometry, display);
    }

    [[nodiscard]] Picture operator()(const WholePicture& picture) const {
        if (picture.size != display) {
            throw invalid_field("picture", fmt::format("{} x {} pixels; the display has {} x {}",
                                                       picture.size.width, picture.size.height,
                                                       display.width, display.height));
        }
        if (picture.levels.size() != display.pixels()) {
            throw invalid_field(
                "picture.levels",
                fmt::format("{} for {} pixels", picture.levels.size(), display.pixels()));
        }
        return picture.levels;
    }

    [[nodiscard]] Picture operator()(const Tone& /*tone*/) const {
        throw Error(Code::unimplemented, "a display shows no tones");
    }
};

} // namespace

Picture picture_of(const Pose& pose, const PictureGeometry& geometry,
                   const instruments::Slm::Size& display) {
    return std::visit(Posing{geometry, display}, pose);
}

} // namespace phyll::rigs
