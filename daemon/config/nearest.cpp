#include "daemon/config/nearest.hpp"

#include "daemon/config/problems.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace phyll::config {

namespace {

/// Optimal string alignment: insertions, deletions, replacements, swaps of neighbours.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        row[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        before.swap(last);
        last.swap(row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) {
                row[j] = std::min(row[j], before[j - 2] + 1);
            }
        }
    }
    return row[b.size()];
}

} // namespace

const std::string* nearest(std::string_view given, std::span<const std::string> choices) {
    const std::string* best = nullptr;
    std::size_t best_distance = std::numeric_limits<std::size_t>::max();
    for (const std::string& choice : choices) {
        const std::size_t allowed = std::max<std::size_t>(1, choice.size() / 3);
        if (given.size() > choice.size() + allowed) {
            continue;
        }
        const std::size_t distance = edit_distance(given, choice);
        if (distance <= allowed && distance < best_distance) {
            best = &choice;
            best_distance = distance;
        }
    }
    return best;
}

std::string listed(std::span<const std::string> choices) {
    std::string text;
    for (const std::string& choice : choices) {
        text += (text.empty() ? "" : ", ") + quoted(choice);
    }
    return text;
}

std::string no_such_choice(std::string_view given, std::span<const std::string> choices) {
    std::string text = fmt::format("{}; valid is {}", quoted(given), listed(choices));
    if (const std::string* meant = nearest(given, choices)) {
        text += fmt::format("; did you mean {}?", quoted(*meant));
    }
    return text;
}

} // namespace phyll::config
