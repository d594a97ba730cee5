#pragma once

#include "sim/bench/microwave/vna.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace phyll::bench {

/// The program LibreVNA-GUI with its device, as its SCPI programming guide describes it: one client
/// at a time, no error queue, numbers with six digits, each reply on a line of its own. Linear
/// frequency sweeps. RF is on while it acquires; a single acquisition stops by itself. What is
/// beyond what the device can do becomes what it can. Without power and zero span sweeps, the
/// spectrum analyser, calibrating, de-embedding and changing traces.
class LibreVna final : public Vna {
  public:
    /// `serial` stands in its identity.
    LibreVna(const std::string& serial, const VnaSite& site);

    [[nodiscard]] bool one_client() const override { return true; }

  private:
    enum class Acquisition { stopped, running, ended };

    [[nodiscard]] std::string_view separator() const override { return "\n"; }
    void preset_language() override;
    void leave_flag() override { left_over_ = true; }
    void receiver_overloaded() override { adc_overloaded_ = true; }
    void swept() override;

    void add_device_commands();
    void add_limit_queries();
    void add_frequency_commands();
    void add_acquisition_commands();
    void add_trace_commands();
    void add_calibration_commands();
    void add_generator_commands();
    void add_number(std::string_view pattern, std::function<void(double)> set,
                    std::function<double()> get);

    /// After a change of what a sweep is: one that had ended begins anew.
    void resettled();
    void run();
    void stop();
    void set_mode(std::size_t mode);
    [[nodiscard]] bool finished();
    [[nodiscard]] std::string trace(const std::string& name);

    std::string serial_;
    std::size_t mode_ = 0;
    std::size_t sweep_ = 0;
    std::size_t sweep_type_ = 0;
    std::size_t generator_port_ = 0;
    bool single_ = false;
    Acquisition acquisition_ = Acquisition::stopped;
    bool left_over_ = false; ///< the flag of the sweep before is still up
    bool adc_overloaded_ = false;
};

} // namespace phyll::bench
