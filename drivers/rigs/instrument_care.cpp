#include "drivers/rigs/instrument_care.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace phyll::rigs {
namespace {

/// How long an instrument is tried again that cannot be reached.
constexpr Seconds reconnecting{5};
constexpr Seconds first_pause{0.05};
constexpr Seconds longest_pause{1};

/// What the contract of a PhysicalLayer has for errors of instruments.
Code as_layer(Code code) {
    return code == Code::failed_precondition || code == Code::data_loss ||
                   code == Code::permission_denied
               ? Code::unavailable
               : code;
}

} // namespace

void InstrumentCare::fail(const Error& error) {
    const Code code = as_layer(error.code());
    if (code == Code::unavailable || code == Code::internal) {
        fault_ = error.what();
    }
    throw Error(code, error.what(), error.violations());
}

void InstrumentCare::reconnect(const Patience& patience) const {
    const Deadline own = Deadline::after(clock_, reconnecting);
    for (instruments::Instrument* instrument : instruments_) {
        for (Seconds pause = first_pause;; pause = std::min(2 * pause, longest_pause)) {
            try {
                instrument->connect(patience);
                break;
            } catch (const Error& error) {
                if (as_layer(error.code()) != Code::unavailable || own.passed(clock_)) {
                    throw;
                }
            }
            static_cast<void>(clock_.wait_for(pause, patience.stop));
        }
    }
}

std::vector<instruments::Identity> InstrumentCare::identities() const {
    std::vector<instruments::Identity> identities;
    std::ranges::transform(
        instruments_, std::back_inserter(identities),
        [](const instruments::Instrument* each) { return each->status().identity; });
    return identities;
}

Health InstrumentCare::health(std::uint64_t retaken, const char* what) const {
    if (!fault_.empty()) {
        return {.state = Health::State::fault, .reason = fault_};
    }
    if (retaken > 0) {
        return {.state = Health::State::ready,
                .reason = fmt::format("{} {}{} taken again", retaken, what,
                                      retaken == 1 ? " was" : "s were")};
    }
    return {};
}

void InstrumentCare::note_evidence(LayerSpec& spec,
                                   const std::function<std::string(std::size_t)>& more) const {
    spec.evidence = Evidence::hardware;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < instruments_.size(); ++i) {
        const instruments::Instrument& instrument = *instruments_[i];
        if (instrument.is_virtual()) {
            spec.evidence = Evidence::virtual_instruments;
        }
        const instruments::Identity identity = instrument.status().identity;
        names.push_back((identity.known() ? identity.in_words()
                                          : fmt::format("{}, not reached yet", instrument.name())) +
                        (more ? more(i) : ""));
    }
    spec.evidence_of = fmt::format("{}", fmt::join(names, "; "));
}

} // namespace phyll::rigs
