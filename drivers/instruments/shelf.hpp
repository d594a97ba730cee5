#pragma once

#include "drivers/instruments/audio_duplex.hpp"
#include "drivers/instruments/camera.hpp"
#include "drivers/instruments/digitiser.hpp"
#include "drivers/instruments/instrument.hpp"
#include "drivers/instruments/metasurface.hpp"
#include "drivers/instruments/slm.hpp"
#include "drivers/instruments/vna.hpp"
#include "drivers/instruments/waveform_generator.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace google::protobuf {
class Message;
} // namespace google::protobuf

namespace phyll::instruments {

/// Reads TOML into a message by the rules of its fields, as everything that is configured is read;
/// throws INVALID_ARGUMENT naming file, line and key. `name` is the text's, for messages.
using ReadToml = std::function<void(std::string_view text, const std::string& name,
                                    google::protobuf::Message& into)>;

/// The instruments that rigs are made of, by the names that the configuration gives them.
class Shelf {
  public:
    /// `clock` outlives the shelf and all that is taken from it. `lock_dir` is where processes of
    /// this machine agree on who drives which instrument; it is made when it is not there. `read`
    /// is for the files of dialects.
    Shelf(std::vector<InstrumentSettings> settings, std::filesystem::path lock_dir,
          const Clock& clock, ReadToml read);

    /// A new object for the instrument, not connected yet; an earlier one of the same instrument
    /// holds its lock until it is shut or gone. `field` is the rig's option that names it, for
    /// messages. Throws INVALID_ARGUMENT when there is no such instrument, it is of another kind or
    /// its settings cannot be.
    [[nodiscard]] std::unique_ptr<WaveformGenerator> generator(const std::string& field,
                                                               const std::string& name) const;
    [[nodiscard]] std::unique_ptr<Digitiser> digitiser(const std::string& field,
                                                       const std::string& name) const;

    [[nodiscard]] std::unique_ptr<Vna> vna(const std::string& field, const std::string& name) const;
    [[nodiscard]] std::unique_ptr<Metasurface> metasurface(const std::string& field,
                                                           const std::string& name) const;
    [[nodiscard]] std::unique_ptr<Slm> slm(const std::string& field, const std::string& name) const;
    [[nodiscard]] std::unique_ptr<Camera> camera(const std::string& field,
                                                 const std::string& name) const;
    [[nodiscard]] std::unique_ptr<AudioDuplex> audio(const std::string& field,
                                                     const std::string& name) const;

    [[nodiscard]] const std::vector<InstrumentSettings>& settings() const noexcept {
        return settings_;
    }

  private:
    [[nodiscard]] const InstrumentSettings& find(const std::string& field, const std::string& name,
                                                 const std::string& kind) const;

    std::vector<InstrumentSettings> settings_;
    std::filesystem::path lock_dir_;
    const Clock& clock_;
    ReadToml read_;
};

/// Any instrument of the shelf, to make it safe or to ask it what it is. Throws as the others do.
[[nodiscard]] std::unique_ptr<Instrument> any_instrument(const Shelf& shelf,
                                                         const std::string& name);

} // namespace phyll::instruments
