#pragma once

#include "drivers/core/physical_layer.hpp"
#include "drivers/instruments/instrument.hpp"
#include "drivers/instruments/shelf.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace google::protobuf {
class Message;
} // namespace google::protobuf

namespace phyll::rigs {

using instruments::Patience;

/// One number that a calibration measured.
struct Quantity {
    std::string name; ///< "latency"
    std::string unit; ///< "s"
    double value = 0.0;

    bool operator==(const Quantity&) const = default;
};

/// Many numbers of a kind that a calibration measured.
struct Series {
    std::string name; ///< "effect of each meta-atom"
    std::string unit;
    std::vector<double> values;

    bool operator==(const Series&) const = default;
};

/// What was measured of a rig so that numbers mean volts and instants. When and by which version is
/// for whoever keeps it to say.
struct Calibration {
    std::vector<Quantity> quantities;
    std::vector<instruments::Identity> identities; ///< of the instruments, in the rig's order
    /// The rig's settings that it holds for, in words: with others it means nothing.
    std::string settings{};
    std::vector<Series> series{};

    bool operator==(const Calibration&) const = default;
};

/// A quantity of a calibration. Throws INVALID_ARGUMENT when it is missing or cannot be.
[[nodiscard]] double quantity(const Calibration& calibration, const char* name, double least,
                              double most);
/// The values of a series, so many. Throws INVALID_ARGUMENT when it is missing or has others.
[[nodiscard]] const std::vector<double>& series(const Calibration& calibration, const char* name,
                                                std::size_t count);

/// The scattering parameters of two ports over frequency.
struct SweepSnapshot {
    instruments::VnaSetup setup;
    /// In the order of `instruments::all_s_parameters`.
    std::array<instruments::SweepValues, 4> values;
};
/// What a camera sees.
struct FrameSnapshot {
    instruments::CameraSetup setup;
    instruments::Frame frame;
};
/// What microphones heard.
struct SoundSnapshot {
    double rate = 0.0;          ///< frames a second
    double full_scale = 1.0;    ///< Pa that 1 stands for
    std::size_t channels = 0;   ///< microphones
    std::vector<float> samples; ///< interleaved
    /// Frequencies that the rig plays, and listens to, in Hz.
    std::vector<double> tones;
    std::vector<double> bins;
};
/// What a rig sees or hears.
using Snapshot = std::variant<SweepSnapshot, FrameSnapshot, SoundSnapshot>;

/// One input driven, 0 to 1, all others at rest.
struct ChannelDrive {
    std::size_t channel = 0;
    double drive = 0.0;
};
/// A pattern that the rig knows by its name: "checker", "blank".
struct NamedPattern {
    std::string name;
};
/// Levels of a whole display, row by row from the top left.
struct WholePicture {
    instruments::Slm::Size size;
    std::vector<std::uint8_t> levels;
};
/// A tone.
struct Tone {
    double frequency = 0.0;              ///< Hz
    double amplitude = 0.0;              ///< share of full scale
    std::optional<std::size_t> output{}; ///< of the rig's, from 0; without it all of them
};
/// What a rig is held at by hand.
using Pose = std::variant<ChannelDrive, NamedPattern, WholePicture, Tone>;

/// What a snapshot is to be of.
struct View {
    std::optional<Pose> pose{}; ///< without it what the rig looks at by itself
    bool whole = false;         ///< all that its camera sees, not only the region that it reads
};

/// A PhysicalLayer made of instruments.
///
/// It is built without reaching any of them: what cannot be reached is a fault (`health`), which
/// `recover` mends or the next query does. Until a calibration is in use, `query` throws
/// FAILED_PRECONDITION.
class InstrumentRig : public PhysicalLayer {
  public:
    /// Measures the rig anew, within the limits that hold for queries, and uses what it measured.
    /// Throws as `query` does; what was in use before then stays in use.
    [[nodiscard]] virtual Calibration calibrate(const Patience& patience) = 0;
    /// Throws INVALID_ARGUMENT when a quantity is missing or cannot be.
    virtual void use(const Calibration& calibration) = 0;
    /// What to measure with as long as nothing better is known, with the settings of the rig.
    [[nodiscard]] virtual Calibration nominal() const = 0;

    /// What the rig sees, with the settings of its queries. Throws UNIMPLEMENTED where a rig has
    /// nothing to look at, or not so, and as `query` does.
    [[nodiscard]] virtual Snapshot snapshot(const View& view, const Patience& patience);
    /// Holds the rig in a pose for so long; it is for the caller to make it safe then. Throws
    /// UNIMPLEMENTED where it cannot be held, INVALID_ARGUMENT where not in that pose, and as
    /// `query` does.
    virtual void jog(const Pose& pose, Seconds duration, const Patience& patience);

    /// As many as the rig has, always in the same order. Thread rule: that of each instrument's
    /// `status`, `shut` and `log`, for anything else that of the rig.
    [[nodiscard]] virtual std::vector<instruments::Instrument*> instruments() = 0;

    /// Records that were taken again because they were not those of their stimulus.
    [[nodiscard]] virtual std::uint64_t retaken() const noexcept = 0;
};

/// What a rig of instruments is built from.
struct InstrumentRigSite {
    const instruments::Shelf& shelf; ///< while it is built
    const Clock& clock;              ///< outlives the rig
};

/// One line of registration per kind: see registry.cpp.
struct InstrumentRigKind {
    std::string name; ///< "electronic-instruments"
    std::string about;
    /// The kind of simulated rig that stands for it. Options of the same name and type mean the
    /// same for both.
    std::string simulated_by;
    /// An empty options message of the kind, to be filled and passed to `make`.
    std::function<std::unique_ptr<google::protobuf::Message>()> new_options;
    /// Throws INVALID_ARGUMENT naming the option that is wrong.
    std::function<std::unique_ptr<InstrumentRig>(const google::protobuf::Message&,
                                                 const InstrumentRigSite&)>
        make;
};

/// Every kind of rig that is made of instruments.
[[nodiscard]] const std::vector<InstrumentRigKind>& instrument_rig_kinds();

} // namespace phyll::rigs
