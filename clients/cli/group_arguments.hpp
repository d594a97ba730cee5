#pragma once

#include <phyll/v1/groups.pb.h>

#include <cstdint>
#include <string>
#include <vector>

// What groups are called and made of at the prompt. All throw INVALID_ARGUMENT naming what is wrong
// and what is valid.
namespace phyll::cli {

/// A run ("12") or a group of runs ("g3").
struct Target {
    std::uint64_t number = 0;
    bool is_group = false;
};
[[nodiscard]] Target parse_target(const std::string& text);

/// Seeds: "0..9" (both included), "0,3,7", "0..4,9"; each once.
[[nodiscard]] std::vector<std::uint64_t> parse_seeds(const std::string& text);

/// A key with its values: "training.learning_rate=1e-3,5e-3". A comma inside brackets, braces or
/// quotes does not part values.
struct Sweep {
    std::string path;
    std::vector<std::string> values;
};
[[nodiscard]] Sweep parse_sweep(const std::string& text);

/// A member for every combination: seed after seed, within each the sweeps' product, so that all
/// variants have equally many members at any time. No seeds: one each, the file's.
[[nodiscard]] std::vector<v1::GroupMember> members_of(const std::vector<std::uint64_t>& seeds,
                                                      const std::vector<Sweep>& sweeps);

/// The run file of a member, as if it were submitted alone.
[[nodiscard]] v1::RunFile file_of(const v1::RunFile& file, const v1::GroupMember& member);

} // namespace phyll::cli
