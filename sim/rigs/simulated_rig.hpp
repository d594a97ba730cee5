#pragma once

#include "drivers/core/physical_layer.hpp"
#include "drivers/core/readers/data_file.hpp"
#include "drivers/core/workers.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace google::protobuf {
class Message;
} // namespace google::protobuf

namespace phyll::sim {

/// A device of pure physics whose parameters can be moved. Without drift or memory: the same
/// stimulus on the same device gives the same bits, in any batch and on any number of threads.
/// Noise is left to `disturbed` too, but for a device whose physics calls for its own; that is then
/// a function of (seed, key, number, output) alone.
///
/// It knows no clock: a query ends early on its stop token, but deadline and times are left to
/// `disturbed` (sim/rigs/decorators), which makes the layer that everybody else uses.
class SimulatedRig : public PhysicalLayer {
  public:
    /// Number of physical parameters that a disturbance moves (positions, temperature, values).
    [[nodiscard]] virtual std::size_t parameters() const = 0;

    /// Rebuilds the device with parameter i displaced by offsets[i], in the rig's own steps (its
    /// page in docs/rigs states them), from its nominal place; all zero is the nominal device.
    /// Throws INVALID_ARGUMENT when the length is not `parameters()`.
    virtual void displace(std::span<const double> offsets) = 0;

    /// Displacement amounts between which the search for `perturb(f)` looks.
    struct Reach {
        double smallest;
        double largest;
    };
    [[nodiscard]] virtual Reach reach() const = 0;

    /// Where the search for `perturb(f)` begins, f in (0, 1): the amount that theory has for it
    /// where there is one, else the smallest.
    [[nodiscard]] virtual double first_guess(double f) const {
        static_cast<void>(f);
        return reach().smallest;
    }

    /// What a person should know of the device as it is displaced now, a line each, beside how far
    /// that is: whether what its spec takes for granted still holds.
    [[nodiscard]] virtual std::vector<std::string> notes_on_displacement() const { return {}; }

    /// Stimuli to measure the device by, n_in x count, always the same ones: uniformly random over
    /// [0, 1], for every rig the same, or ones that it knows where its domain is closed.
    [[nodiscard]] virtual OwnedBlock probe_stimuli(std::size_t count) const;
};

/// What a kind of simulated rig is built from.
struct RigSite {
    std::uint64_t seed = 1;     ///< of the device, its disturbances and its noise
    Workers* workers = nullptr; ///< not null; outlives the rig
    /// Opens the files that the options name; may be empty, and then there are none. What it throws
    /// names the file, not the option.
    // NOLINTNEXTLINE(readability-redundant-member-init): or g++ wants it in every initialiser
    FileReader read{};
};

/// One line of registration per kind: see registry.cpp.
struct SimulatedRigKind {
    std::string name; ///< "acoustic"
    std::string about;
    /// An empty options message of the kind, to be filled and passed to `make`.
    std::function<std::unique_ptr<google::protobuf::Message>()> new_options;
    /// Throws INVALID_ARGUMENT naming the option that is wrong.
    std::function<std::unique_ptr<SimulatedRig>(const google::protobuf::Message&, const RigSite&)>
        make;
};

/// Every simulated kind there is.
[[nodiscard]] const std::vector<SimulatedRigKind>& simulated_rig_kinds();

} // namespace phyll::sim
