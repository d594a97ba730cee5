#pragma once

#include "sim/rigs/decorators/decorator.hpp"
#include "tests/conformance/virtual_lab.hpp"

#include <memory>
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

} // namespace phyll::conformance
