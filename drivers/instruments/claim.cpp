#include "drivers/instruments/claim.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <utility>

namespace phyll::instruments {

Claim::Claim(InstrumentSettings settings, std::filesystem::path lock_dir)
    : settings_(std::move(settings)), lock_dir_(std::move(lock_dir)) {
    status_.reason = "not connected yet";
}

void Claim::lock_address() {
    const std::lock_guard lock(mutex_);
    if (given_up_) {
        throw Error(Code::unavailable, fmt::format("{} was shut", settings_.address));
    }
    if (!address_lock_) {
        address_lock_.emplace(lock_dir_, settings_.address);
    }
}

void Claim::accept(const Identity& identity) {
    const Identity before = status().identity;
    if (before.known() && (before.serial != identity.serial || before.model != identity.model)) {
        throw Error(Code::failed_precondition,
                    fmt::format("at {} there was a {}, and now there is a {}", settings_.address,
                                before.in_words(), identity.in_words()));
    }
    if (!settings_.serial.empty() && settings_.serial != identity.serial) {
        throw Error(Code::failed_precondition,
                    fmt::format("at {} there is a {}; the configuration says that the serial "
                                "number is {}",
                                settings_.address, identity.in_words(),
                                in_quotes(settings_.serial)));
    }
    if (settings_.is_virtual != identity.is_virtual()) {
        throw Error(Code::failed_precondition,
                    fmt::format("the {} at {} is {}; the configuration says virtual = {}",
                                identity.in_words(), settings_.address,
                                identity.is_virtual() ? "a virtual instrument" : "no virtual one",
                                settings_.is_virtual));
    }
    lock_address();
    const std::lock_guard lock(mutex_);
    if (!identity_lock_ && !given_up_) {
        identity_lock_.emplace(
            lock_dir_, fmt::format("{},{},{}", identity.maker, identity.model, identity.serial));
    }
}

void Claim::connected(const Identity& identity, std::uint64_t life) {
    const std::lock_guard lock(mutex_);
    status_.connected = true;
    status_.reason.clear();
    status_.identity = identity;
    status_.reconnects = life - 1;
}

void Claim::lost(const std::string& why) {
    const std::lock_guard lock(mutex_);
    status_.connected = false;
    status_.reason = why;
}

void Claim::give_up() noexcept {
    const std::lock_guard lock(mutex_);
    given_up_ = true;
    status_.connected = false;
    address_lock_.reset();
    identity_lock_.reset();
}

InstrumentStatus Claim::status() const {
    const std::lock_guard lock(mutex_);
    return status_;
}

} // namespace phyll::instruments
