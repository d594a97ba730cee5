#include "group_arguments.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/number_of.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

namespace phyll::cli {
namespace {

/// What a group takes.
constexpr std::size_t most_members = 1000;

[[nodiscard]] Error bad_seeds(const std::string& text, const std::string& what) {
    return invalid_field("--seeds",
                         fmt::format("{}: {}; valid is a range (0..9, both included), a list "
                                     "(0,3,7) or both (0..4,9), at most {} seeds",
                                     in_quotes(text), what, most_members));
}

void add_range(const std::string& text, std::string_view part, std::vector<std::uint64_t>& seeds) {
    const std::size_t dots = part.find("..");
    const auto first = number_of<std::uint64_t>(part.substr(0, dots));
    const auto last =
        dots == std::string_view::npos ? first : number_of<std::uint64_t>(part.substr(dots + 2));
    if (!first || !last) {
        throw bad_seeds(text, fmt::format("{} is neither a seed nor a range", in_quotes(part)));
    }
    if (*first > *last) {
        throw bad_seeds(text, fmt::format("{} ends before it begins", part));
    }
    if (*last - *first >= most_members - seeds.size()) {
        throw bad_seeds(text, "too many");
    }
    for (std::uint64_t seed = *first;; ++seed) {
        if (std::ranges::find(seeds, seed) != seeds.end()) {
            throw bad_seeds(text, fmt::format("{} is there twice", seed));
        }
        seeds.push_back(seed);
        if (seed == *last) {
            return;
        }
    }
}

/// The parts of a text between commas that are outside brackets, braces and quotes.
std::vector<std::string> parts_of(std::string_view text) {
    std::vector<std::string> parts;
    std::string part;
    char quote = '\0';
    int depth = 0;
    for (const char c : text) {
        if (quote != '\0') {
            quote = c == quote ? '\0' : quote;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == '[' || c == '{') {
            ++depth;
        } else if (c == ']' || c == '}') {
            --depth;
        } else if (c == ',' && depth == 0) {
            parts.emplace_back(trimmed(part, " "));
            part.clear();
            continue;
        }
        part += c;
    }
    parts.emplace_back(trimmed(part, " "));
    return parts;
}

} // namespace

Target parse_target(const std::string& text) {
    const bool is_group = text.starts_with('g');
    const auto number = number_of<std::uint64_t>(std::string_view(text).substr(is_group ? 1 : 0));
    if (!number || *number == 0) {
        throw invalid_field("run", fmt::format("{} is neither a run nor a group; valid is the "
                                               "number of a run (12) or of a group (g3)",
                                               in_quotes(text)));
    }
    return {*number, is_group};
}

std::vector<std::uint64_t> parse_seeds(const std::string& text) {
    std::vector<std::uint64_t> seeds;
    for (const std::string& part : parts_of(text)) {
        add_range(text, part, seeds);
    }
    return seeds;
}

Sweep parse_sweep(const std::string& text) {
    const auto bad = [&](const std::string& what) {
        return invalid_field("--sweep", fmt::format("{}: {}; valid is a key and its values, as "
                                                    "in training.learning_rate=1e-3,5e-3",
                                                    in_quotes(text), what));
    };
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) {
        throw bad("there is no '='");
    }
    Sweep sweep{std::string(trimmed(std::string_view(text).substr(0, equals), " ")),
                parts_of(std::string_view(text).substr(equals + 1))};
    if (sweep.path.empty()) {
        throw bad("there is no key");
    }
    if (sweep.path == "seed") {
        throw invalid_field("--sweep", "seeds are given with --seeds, as in --seeds 0..9");
    }
    std::set<std::string> seen;
    for (const std::string& value : sweep.values) {
        if (value.empty()) {
            throw bad("a value is empty");
        }
        if (!seen.insert(value).second) {
            throw bad(fmt::format("{} is there twice", value));
        }
    }
    return sweep;
}

std::vector<v1::GroupMember> members_of(const std::vector<std::uint64_t>& seeds,
                                        const std::vector<Sweep>& sweeps) {
    std::vector<v1::GroupMember> variants(1);
    std::set<std::string> paths;
    for (const Sweep& sweep : sweeps) {
        if (!paths.insert(sweep.path).second) {
            throw invalid_field(
                "--sweep",
                fmt::format("{} is swept twice; give all its values at once", sweep.path));
        }
        std::vector<v1::GroupMember> product;
        for (const v1::GroupMember& variant : variants) {
            for (const std::string& value : sweep.values) {
                product.push_back(variant);
                product.back().add_overrides(fmt::format("{}={}", sweep.path, value));
            }
            if (product.size() * std::max<std::size_t>(1, seeds.size()) > most_members) {
                throw invalid_field("--sweep", fmt::format("the group would have more than {} "
                                                           "members: give fewer values or seeds",
                                                           most_members));
            }
        }
        variants = std::move(product);
    }
    if (seeds.empty()) {
        return variants;
    }
    std::vector<v1::GroupMember> members;
    for (const std::uint64_t seed : seeds) {
        for (const v1::GroupMember& variant : variants) {
            members.push_back(variant);
            members.back().set_seed(seed);
        }
    }
    return members;
}

v1::RunFile file_of(const v1::RunFile& file, const v1::GroupMember& member) {
    v1::RunFile out = file;
    for (const std::string& text : member.overrides()) {
        out.add_overrides(text);
    }
    if (member.has_seed()) {
        out.add_overrides(fmt::format("seed={}", member.seed()));
    }
    return out;
}

} // namespace phyll::cli
