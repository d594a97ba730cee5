#pragma once

#include "sim/rigs/decorators/decorator.hpp"
#include "tests/conformance/suite.hpp"
#include "tests/conformance/virtual_lab.hpp"

#include <memory>
#include <string>
#include <utility>

namespace phyll::conformance {

/// Whoever owns a lab.
struct LabOwner {
    std::unique_ptr<VirtualLab> lab;
};

/// A rig that owns its lab, so that each is one of its own; its output is off in the end. The lab
/// goes last: a USB device that is emulated by nobody any more answers nothing, not even that it is
/// gone.
class WithLab final : private LabOwner, public sim::Decorator {
  public:
    WithLab(std::unique_ptr<VirtualLab> made, std::unique_ptr<PhysicalLayer> rig)
        : LabOwner{std::move(made)}, Decorator(std::move(rig)) {}
    ~WithLab() override;
};

/// Rigs that are calibrated, each with a lab of its own.
template <class Lab, class Kind>
[[nodiscard]] Subject on_instruments(const Kind& kind, const std::string& options,
                                     double tolerance) {
    return {.make = [=](Workers&, const Clock& clock) -> std::unique_ptr<PhysicalLayer> {
                auto lab = std::make_unique<Lab>(kind, options);
                auto rig = lab->rig(clock);
                return std::make_unique<WithLab>(std::move(lab), std::move(rig));
            },
            .tolerance = tolerance};
}

} // namespace phyll::conformance
