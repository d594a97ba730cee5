#include "drivers/instruments/shelf.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"
#include "drivers/instruments/display_slm.hpp"
#include "drivers/instruments/genicam_camera.hpp"
#include "drivers/instruments/scpi_digitiser.hpp"
#include "drivers/instruments/scpi_generator.hpp"
#include "drivers/instruments/scpi_vna.hpp"
#include "drivers/instruments/serial_metasurface.hpp"
#include "drivers/instruments/served_audio.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace phyll::instruments {
namespace {

/// What `make` throws, with the instrument's name before it.
template <class Make>
auto made(const InstrumentSettings& settings, Make make) {
    try {
        return make();
    } catch (const Error& error) {
        throw error_of(fmt::format("instrument {}", in_quotes(settings.name)), error);
    }
}

} // namespace

Shelf::Shelf(std::vector<InstrumentSettings> settings, std::filesystem::path lock_dir,
             const Clock& clock, ReadToml read)
    : settings_(std::move(settings)),
      lock_dir_(std::move(lock_dir)),
      clock_(clock),
      read_(std::move(read)) {}

const InstrumentSettings& Shelf::find(const std::string& field, const std::string& name,
                                      const std::string& kind) const {
    const auto found = std::ranges::find(settings_, name, &InstrumentSettings::name);
    if (found == settings_.end()) {
        std::vector<std::string> names;
        std::ranges::transform(settings_, std::back_inserter(names),
                               [](const auto& each) { return in_quotes(each.name); });
        throw invalid_field(
            field,
            fmt::format("there is no instrument {}; {}", in_quotes(name),
                        names.empty() ? "none is configured ([[instruments]])"
                                      : fmt::format("there are: {}", fmt::join(names, ", "))));
    }
    if (found->kind != kind) {
        throw invalid_field(
            field, fmt::format("{} is a {}; a {} is needed", in_quotes(name), found->kind, kind));
    }
    return *found;
}

std::unique_ptr<WaveformGenerator> Shelf::generator(const std::string& field,
                                                    const std::string& name) const {
    const InstrumentSettings& settings = find(field, name, "generator");
    return made(settings, [&] { return make_scpi_generator(settings, lock_dir_, clock_, read_); });
}

std::unique_ptr<Digitiser> Shelf::digitiser(const std::string& field,
                                            const std::string& name) const {
    const InstrumentSettings& settings = find(field, name, "digitiser");
    return made(settings, [&] { return make_scpi_digitiser(settings, lock_dir_, clock_, read_); });
}

std::unique_ptr<Vna> Shelf::vna(const std::string& field, const std::string& name) const {
    const InstrumentSettings& settings = find(field, name, "vna");
    return made(settings, [&] { return make_scpi_vna(settings, lock_dir_, clock_, read_); });
}

std::unique_ptr<Metasurface> Shelf::metasurface(const std::string& field,
                                                const std::string& name) const {
    const InstrumentSettings& settings = find(field, name, "metasurface");
    return made(settings, [&] { return make_serial_metasurface(settings, lock_dir_, clock_); });
}

std::unique_ptr<Slm> Shelf::slm(const std::string& field, const std::string& name) const {
    const InstrumentSettings& settings = find(field, name, "slm");
    return made(settings, [&] { return make_display_slm(settings, lock_dir_, clock_); });
}

std::unique_ptr<Camera> Shelf::camera(const std::string& field, const std::string& name) const {
    const InstrumentSettings& settings = find(field, name, "camera");
    return made(settings, [&] { return make_genicam_camera(settings, lock_dir_, clock_); });
}

std::unique_ptr<AudioDuplex> Shelf::audio(const std::string& field, const std::string& name) const {
    const InstrumentSettings& settings = find(field, name, "audio");
    return made(settings, [&] { return make_served_audio(settings, lock_dir_, clock_); });
}

std::unique_ptr<Instrument> any_instrument(const Shelf& shelf, const std::string& name) {
    const auto found = std::ranges::find(shelf.settings(), name, &InstrumentSettings::name);
    const std::string kind = found == shelf.settings().end() ? "" : found->kind;
    if (kind == "audio") {
        return shelf.audio("instrument", name);
    }
    if (kind == "digitiser") {
        return shelf.digitiser("instrument", name);
    }
    if (kind == "vna") {
        return shelf.vna("instrument", name);
    }
    if (kind == "metasurface") {
        return shelf.metasurface("instrument", name);
    }
    if (kind == "slm") {
        return shelf.slm("instrument", name);
    }
    if (kind == "camera") {
        return shelf.camera("instrument", name);
    }
    return shelf.generator("instrument", name);
}

} // namespace phyll::instruments
