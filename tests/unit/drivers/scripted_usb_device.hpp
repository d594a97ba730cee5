#pragma once

#include "drivers/core/error.hpp"
#include "drivers/transports/usbtmc/usb_device.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace phyll::test {

using UsbBytes = std::vector<std::byte>;

/// The bytes that are written as "01 fe 'text' 00".
[[nodiscard]] UsbBytes usb_bytes(std::string_view written);

/// A USB device that expects exactly what its script says, in that order, and answers what it says.
/// What differs is a std::logic_error, which no test takes for an Error.
class ScriptedUsbDevice final : public transports::usbtmc::UsbDevice {
  public:
    using Request = transports::usbtmc::ControlRequest;

    // The script, step by step.
    void expects(const UsbBytes& sent) { script_.push_back({.kind = Kind::send, .bytes = sent}); }
    void answers(const UsbBytes& bytes) {
        script_.push_back({.kind = Kind::receive, .bytes = bytes});
    }
    /// When it is asked for what was left.
    void has_left(const UsbBytes& bytes) {
        script_.push_back({.kind = Kind::receive_left, .bytes = bytes});
    }
    void expects(const Request& request, const UsbBytes& answer) {
        script_.push_back({.kind = Kind::control, .bytes = answer, .request = request});
    }
    void expects_clear_halt(transports::usbtmc::Bulk endpoint) {
        script_.push_back({.kind = Kind::clear_halt, .endpoint = endpoint});
    }
    /// The step that was written last is refused.
    void stalls() { script_.back().stalled = true; }
    /// The step that was written last does not end before the deadline.
    void hangs() { script_.back().error = Code::deadline_exceeded; }
    /// What every USBTMC device is asked when it was opened.
    void expects_greeting();
    void expects_clear();

    /// The step of that number, from 0, fails as if the device were pulled out; so does all after
    /// it.
    void fail_at(std::size_t step) { fail_at_ = step; }
    [[nodiscard]] std::size_t steps() const noexcept { return done_; }
    /// How many steps of the script were not made.
    [[nodiscard]] std::size_t left() const noexcept { return script_.size(); }
    [[nodiscard]] int closed() const noexcept { return closed_; }

    void open(const transports::Patience& patience) override;
    [[nodiscard]] bool is_open() noexcept override { return open_; }
    void close() noexcept override;
    [[nodiscard]] transports::usbtmc::Interface interface() const noexcept override {
        return {.number = 2, .out = 0x02, .in = 0x81, .in_packet = 64};
    }
    [[nodiscard]] transports::usbtmc::Moved send(std::span<const std::byte> bytes,
                                                 const transports::Patience& patience) override;
    [[nodiscard]] transports::usbtmc::Moved receive(std::span<std::byte> into,
                                                    const transports::Patience& patience) override;
    [[nodiscard]] transports::usbtmc::Moved
    receive_left(std::span<std::byte> into, const transports::Patience& patience) override;
    [[nodiscard]] transports::usbtmc::Moved control(const Request& request,
                                                    std::span<std::byte> into,
                                                    const transports::Patience& patience) override;
    void clear_halt(transports::usbtmc::Bulk endpoint,
                    const transports::Patience& patience) override;
    void shut() noexcept override { shut_ = true; }
    [[nodiscard]] bool is_shut() const noexcept override { return shut_; }

  private:
    enum class Kind { send, receive, receive_left, control, clear_halt };
    struct Step {
        Kind kind = Kind::send;
        UsbBytes bytes{};
        Request request{};
        transports::usbtmc::Bulk endpoint = transports::usbtmc::Bulk::out;
        bool stalled = false;
        std::optional<Code> error{};
    };

    /// Counts a step that may fail.
    void count();
    Step next(Kind kind);
    [[nodiscard]] static transports::usbtmc::Moved give(const Step& step,
                                                        std::span<std::byte> into);

    std::deque<Step> script_;
    std::size_t done_ = 0;
    std::optional<std::size_t> fail_at_;
    bool open_ = false;
    bool shut_ = false;
    int closed_ = 0;
};

} // namespace phyll::test
