#pragma once

#include "daemon/runs/measuring/response_memory.hpp"
#include "daemon/training/scheme.hpp"
#include "drivers/core/journal/records.hpp"
#include "drivers/core/sample_block.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace phyll::runs {

/// Samples with consecutive numbers, and room for the answers. Owns nothing.
struct Query {
    const std::string& rig;
    journal::Purpose purpose = journal::Purpose::training;
    std::uint64_t key = 0;
    std::uint64_t number = 0;
    std::uint64_t age = 0; ///< of the rig, as the run counts
    std::uint64_t era = 1;
    std::size_t layer = 0;                       ///< counted from 0
    ConstBlock stimuli{};                        ///< n_in x samples
    std::span<const StimulusHash> hashes{};      ///< none where there is no journal
    std::span<const training::Origin> origins{}; ///< none where that is not known
    bool on_test = false;                        ///< the split that they are of
    /// The samples whose number it divides are kept as the instrument gave them; 0: none.
    std::uint64_t keep_raw = 0;
    /// See QueryContext. What is found is thrown, and not survived as a fault.
    bool check_settings = false;
    Block responses{}; ///< n_out x samples

    [[nodiscard]] std::size_t samples() const noexcept { return stimuli.samples(); }
    [[nodiscard]] Query slice(std::size_t first, std::size_t count) const {
        Query part = *this;
        part.number += first;
        part.age += first;
        part.stimuli = stimuli.slice(first, count);
        part.hashes = hashes.empty() ? hashes : hashes.subspan(first, count);
        part.origins = origins.empty() ? origins : origins.subspan(first, count);
        part.responses = responses.slice(first, count);
        return part;
    }
};

[[nodiscard]] inline journal::Purpose to_journal(training::Purpose purpose) noexcept {
    switch (purpose) {
    case training::Purpose::training:
        return journal::Purpose::training;
    case training::Purpose::evaluation:
        return journal::Purpose::evaluation;
    case training::Purpose::sentinel:
        return journal::Purpose::sentinel;
    case training::Purpose::characterisation:
        return journal::Purpose::characterisation;
    }
    return journal::Purpose::direct;
}

} // namespace phyll::runs
