#include "sim/bench/scpi/scpi_instrument.hpp"

#include "sim/bench/scpi/message.hpp"

#include <fmt/format.h>

#include <utility>

namespace phyll::bench {
namespace {

// Bits of the standard event status register.
constexpr unsigned operation_complete = 1U << 0U;
constexpr unsigned device_error = 1U << 3U;
constexpr unsigned execution_error = 1U << 4U;
constexpr unsigned command_error = 1U << 5U;
constexpr unsigned switched_on = 1U << 7U;
// Bits of the status byte.
constexpr unsigned queue_not_empty = 1U << 2U;
constexpr unsigned event_summary = 1U << 5U;
constexpr std::size_t largest_mask = 255;

unsigned event_of(int number) {
    if (number <= -100 && number > -200) {
        return command_error;
    }
    return number <= -200 && number > -300 ? execution_error : device_error;
}

} // namespace

ScpiInstrument::ScpiInstrument(std::string identity, ErrorQueue::Sign sign)
    : identity_(std::move(identity)), queue_(sign), events_(switched_on) {
    add_common_commands();
}

void ScpiInstrument::add_common_commands() {
    table_.query("*IDN", [this](Call& call) { call.reply(identity_); });
    table_.command("*RST", {}, [this](Call&) { reset(); });
    table_.command("*TRG", {}, [this](Call&) { trigger(); });
    table_.query("*TST", [](Call& call) { call.reply("0"); });
    table_.command("*WAI", {}, [](Call&) {});
    table_.command("*OPC", {}, [this](Call&) { events_ |= operation_complete; });
    table_.query("*OPC", [](Call& call) { call.reply("1"); });
    table_.command("*CLS", {}, [this](Call&) {
        queue_.clear();
        events_ = 0;
        clear_events();
    });
    table_.query("*ESR",
                 [this](Call& call) { call.reply(fmt::format("{}", std::exchange(events_, 0U))); });
    table_.command("*ESE", {1, 1}, [this](Call& call) {
        events_enabled_ = static_cast<unsigned>(call.whole(0, 0, largest_mask));
    });
    table_.query("*ESE", [this](Call& call) { call.reply(fmt::format("{}", events_enabled_)); });
    table_.command("*SRE", {1, 1}, [this](Call& call) {
        service_enabled_ = static_cast<unsigned>(call.whole(0, 0, largest_mask));
    });
    table_.query("*SRE", [this](Call& call) { call.reply(fmt::format("{}", service_enabled_)); });
    table_.query("*STB", [this](Call& call) {
        const unsigned summary = (events_ & events_enabled_) != 0 ? event_summary : 0U;
        call.reply(fmt::format("{}", summary | (queue_.size() > 0 ? queue_not_empty : 0U)));
    });
    table_.query(":SYSTem:ERRor[:NEXT]", [this](Call& call) { call.reply(queue_.take()); });
}

std::optional<std::string> ScpiInstrument::act(std::string_view message) {
    std::optional<std::string> reply;
    MessageReader reader(message);
    try {
        while (const std::optional<Command> command = reader.next()) {
            try {
                std::string part = table_.run(*command);
                if (command->query) {
                    reply = reply ? *reply + ';' + part : std::move(part);
                }
            } catch (const ScpiError& error) {
                report(error);
            } catch (const Error& error) {
                report(ScpiError(scpi_number::system, error.what()));
            }
        }
    } catch (const ScpiError& error) {
        report(error);
    }
    return reply;
}

void ScpiInstrument::report(int number, const std::string& words) {
    queue_.push(number, words);
    events_ |= event_of(number);
}

void ScpiInstrument::report(const ScpiError& error) {
    report(error.number(), error.what());
}

void ScpiInstrument::power_on() {
    queue_.clear();
    events_ = switched_on;
    events_enabled_ = 0;
    service_enabled_ = 0;
    reset();
}

} // namespace phyll::bench
