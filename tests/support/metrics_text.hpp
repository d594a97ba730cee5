#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>

namespace phyll::test {

/// Metrics as Prometheus reads them.
struct Metrics {
    struct Family {
        std::string type;
        std::string help;
        std::set<std::string> labels; ///< names that occur, but for "le" and "quantile"
    };

    std::map<std::string, Family> families;
    std::map<std::string, double> samples; ///< by all that stands before the value

    /// Of "phyll_runs{state=\"held\"}". Throws where there is none.
    [[nodiscard]] double operator[](const std::string& sample) const {
        const auto found = samples.find(sample);
        if (found == samples.end()) {
            throw std::runtime_error("there is no sample " + sample);
        }
        return found->second;
    }
    [[nodiscard]] bool has(const std::string& sample) const { return samples.contains(sample); }
    /// Of all samples whose names begin so.
    [[nodiscard]] double sum(const std::string& begin) const {
        double sum = 0.0;
        for (const auto& [name, value] : samples) {
            sum += name.starts_with(begin) ? value : 0.0;
        }
        return sum;
    }
};

/// The family that a sample belongs to: of histograms and summaries less than its name.
inline std::string family_of(const Metrics& metrics, const std::string& name) {
    if (metrics.families.contains(name)) {
        return name;
    }
    for (const char* end : {"_bucket", "_sum", "_count"}) {
        if (name.ends_with(end)) {
            const std::string family = name.substr(0, name.size() - std::string(end).size());
            if (metrics.families.contains(family)) {
                return family;
            }
        }
    }
    throw std::runtime_error("sample " + name + " is of no family");
}

/// Reads the text format. Throws what is wrong with it: a sample twice, or of no family.
[[nodiscard]] inline Metrics read_metrics(const std::string& text) {
    Metrics metrics;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("# HELP ")) {
            const std::size_t blank = line.find(' ', 7);
            metrics.families[line.substr(7, blank - 7)].help = line.substr(blank + 1);
            continue;
        }
        if (line.starts_with("# TYPE ")) {
            const std::size_t blank = line.find(' ', 7);
            metrics.families[line.substr(7, blank - 7)].type = line.substr(blank + 1);
            continue;
        }
        const std::size_t blank = line.rfind(' ');
        const std::string sample = line.substr(0, blank);
        if (!metrics.samples.emplace(sample, std::stod(line.substr(blank + 1))).second) {
            throw std::runtime_error("twice: " + sample);
        }
        const std::size_t brace = sample.find('{');
        Metrics::Family& family = metrics.families[family_of(metrics, sample.substr(0, brace))];
        // Values of labels here have neither commas nor quotes in them.
        std::istringstream labels(brace == std::string::npos ? "" : sample.substr(brace + 1));
        for (std::string label; std::getline(labels, label, ',');) {
            const std::string name = label.substr(0, label.find('='));
            if (name != "le" && name != "quantile") {
                family.labels.insert(name);
            }
        }
    }
    return metrics;
}

} // namespace phyll::test
