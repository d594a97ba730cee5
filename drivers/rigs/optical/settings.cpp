#include "drivers/rigs/optical/settings.hpp"

#include "drivers/core/error.hpp"
#include "drivers/rigs/optical/optical.pb.h"

#include <fmt/format.h>

#include <cmath>

namespace phyll::rigs {
namespace {

std::size_t columns_of(const v1::OpticalInstrumentsOptions& options) {
    if (options.columns() > options.outputs()) {
        throw invalid_field("columns", fmt::format("{}; there are {} outputs", options.columns(),
                                                   options.outputs()));
    }
    return options.columns() > 0
               ? options.columns()
               : static_cast<std::size_t>(std::ceil(std::sqrt(options.outputs())));
}

} // namespace

OpticalSettings optical_settings(const v1::OpticalInstrumentsOptions& options) {
    if (options.bits() % 2 != 0) {
        throw invalid_field("bits",
                            fmt::format("{}; valid is 8, 10, 12, 14 or 16", options.bits()));
    }
    OpticalSettings settings{
        .picture = {.columns = options.width(), .rows = options.height(), .side = options.pixel()},
        .frame = {.outputs = options.outputs(),
                  .columns = columns_of(options),
                  .side = options.super_pixel()},
        .camera = {.exposure = Seconds(options.exposure_time()),
                   .gain = options.gain(),
                   .bits = options.bits(),
                   .binning = options.binning()},
        .phase = options.modulation() == "phase",
        .phase_range = options.phase_range(),
        .exposure = options.exposure(),
        .exposure_fixed = options.exposure_fixed(),
        .settle_time = options.settle_time(),
        .reference_every = options.reference_every(),
        .reference_least = options.reference_least(),
        .retakes = options.retakes(),
        .brightness_tolerance = options.brightness_tolerance(),
        .overlap = options.overlap(),
        .twice = options.twice()};
    if (options.has_left()) {
        settings.picture.left = options.left();
    }
    if (options.has_top()) {
        settings.picture.top = options.top();
    }
    settings.camera.region = {.x = options.region_x(),
                              .y = options.region_y(),
                              .width = settings.frame.width(),
                              .height = settings.frame.height()};
    return settings;
}

std::string in_words(const OpticalSettings& settings) {
    const PictureGeometry& picture = settings.picture;
    const FrameGeometry& frame = settings.frame;
    const auto& region = settings.camera.region;
    const auto at = [](const std::optional<std::size_t>& place) {
        return place ? std::to_string(*place) : std::string("the middle");
    };
    return fmt::format(
        "{} x {} pixels of {} at ({}, {}), {} super-pixels of {} in rows of {} at "
        "({}, {}), {} bits, binning {}, gain {:g}, {}, {}",
        picture.columns, picture.rows, picture.side, at(picture.left), at(picture.top),
        frame.outputs, frame.side, frame.columns, region.x, region.y, settings.camera.bits,
        settings.camera.binning, settings.camera.gain,
        settings.exposure_fixed ? fmt::format("exposure {:g} s", settings.camera.exposure.count())
                                : fmt::format("exposed to {:g} of full scale", settings.exposure),
        settings.phase ? fmt::format("phase to {:g} rad", settings.phase_range)
                       : std::string("amplitude"));
}

} // namespace phyll::rigs
