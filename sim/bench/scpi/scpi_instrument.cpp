#include "sim/bench/scpi/scpi_instrument.hpp"

#include "drivers/core/text.hpp"
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

struct ScpiInstrument::Acting {
    Acting(std::string text, Done when_done)
        : message(std::move(text)), reader(message), done(std::move(when_done)) {}

    std::string message;
    MessageReader reader;
    Done done;
    std::optional<std::string> reply{};
    std::optional<Command> held{}; ///< waits for an operation
};

ScpiInstrument::ScpiInstrument(std::string identity, std::optional<ErrorQueue::Sign> sign)
    : identity_(std::move(identity)),
      has_queue_(sign.has_value()),
      queue_(sign.value_or(ErrorQueue::Sign::negative_only)),
      events_(at_power_on()) {
    add_common_commands();
    add_event_commands();
}

ScpiInstrument::~ScpiInstrument() = default;

void ScpiInstrument::add_common_commands() {
    table_.query("*IDN", [this](Call& call) { call.reply(identity_); });
    table_.command("*RST", {}, [this](Call&) {
        completion_wanted_ = false;
        reset();
    });
    table_.command("*TRG", {}, [this](Call&) { trigger(); });
    table_.query("*TST", [](Call& call) { call.reply("0"); });
    table_.command("*WAI", {}, [](Call&) {});
    table_.query("*OPC", [](Call& call) { call.reply("1"); });
    if (has_queue_) {
        table_.query(":SYSTem:ERRor[:NEXT]", [this](Call& call) { call.reply(queue_.take()); });
    }
}

void ScpiInstrument::add_event_commands() {
    table_.command("*OPC", {}, [this](Call&) {
        if (operation_pending()) {
            completion_wanted_ = true;
        } else {
            set_operation_complete();
        }
    });
    table_.command("*CLS", {}, [this](Call&) {
        queue_.clear();
        events_ = 0;
        completion_wanted_ = false;
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
    table_.query("*STB", [this](Call& call) { call.reply(fmt::format("{}", status_byte())); });
}

void ScpiInstrument::act(std::string message, Done done) {
    acting_ = std::make_unique<Acting>(std::move(message), std::move(done));
    go_on();
}

void ScpiInstrument::forget() {
    acting_.reset();
}

void ScpiInstrument::go_on() {
    try {
        while (true) {
            const std::optional<Command> command =
                acting_->held ? std::exchange(acting_->held, {}) : acting_->reader.next();
            if (!command) {
                break;
            }
            const std::string_view name = command->header.front();
            const bool waits =
                same_letters(name, "*WAI") || (command->query && same_letters(name, "*OPC"));
            if (waits && operation_pending()) {
                acting_->held = command;
                return;
            }
            run(*command);
        }
    } catch (const ScpiError& error) {
        report(error);
    }
    const std::unique_ptr<Acting> acted = std::move(acting_);
    acted->done(std::move(acted->reply));
}

void ScpiInstrument::run(const Command& command) {
    try {
        std::string part = table_.run(command);
        if (command.query) {
            std::optional<std::string>& reply = acting_->reply;
            reply = reply ? fmt::format("{}{}{}", *reply, separator(), part) : std::move(part);
        }
    } catch (const ScpiError& error) {
        report(error);
    } catch (const Error& error) {
        report(ScpiError(scpi_number::system, error.what()));
    }
}

void ScpiInstrument::at_panel(std::string_view text) {
    try {
        MessageReader reader(text);
        while (const std::optional<Command> command = reader.next()) {
            static_cast<void>(table_.run(*command));
        }
    } catch (const ScpiError& error) {
        throw invalid_field("text", fmt::format("{}: {}", in_quotes(text), error.what()));
    }
}

void ScpiInstrument::operation_over() {
    if (std::exchange(completion_wanted_, false)) {
        set_operation_complete();
    }
    if (acting_ && acting_->held && !operation_pending()) {
        go_on();
    }
}

std::uint8_t ScpiInstrument::status_byte() const {
    const unsigned summary = (events_ & events_enabled_) != 0 ? event_summary : 0U;
    return static_cast<std::uint8_t>(summary | (queue_.size() > 0 ? queue_not_empty : 0U));
}

/// What has no queue does not tell this either.
unsigned ScpiInstrument::at_power_on() const {
    return has_queue_ ? switched_on : 0U;
}

void ScpiInstrument::set_operation_complete() {
    events_ |= operation_complete;
}

void ScpiInstrument::report(int number, const std::string& words) {
    if (!has_queue_) {
        events_ |= command_error;
        return;
    }
    queue_.push(number, words);
    events_ |= event_of(number);
}

void ScpiInstrument::report(const ScpiError& error) {
    report(error.number(), error.what());
}

void ScpiInstrument::power_on() {
    forget();
    completion_wanted_ = false;
    queue_.clear();
    events_ = at_power_on();
    events_enabled_ = 0;
    service_enabled_ = 0;
    start_up();
}

} // namespace phyll::bench
