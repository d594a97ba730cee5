#pragma once

#include "stimulus_source.hpp"

#include <phyll/v1/runs.pb.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace phyll::cli {

/// What a run's network is asked about.
struct AskedSamples {
    std::unique_ptr<StimulusSource> features;
    /// The class of each sample, where the file says so: an index into the run's classes.
    std::vector<std::uint32_t> labels{};
};

/// Of an .npy file (an array of samples x features, read as the run's data are: bytes and numbers
/// times `data.scale`), a CSV file, or, by "-", CSV on standard input; see `parse_samples`.
/// `label` is the column that holds the class, instead of the one that the run names. Throws
/// NOT_FOUND, INVALID_ARGUMENT.
[[nodiscard]] AskedSamples open_samples(const std::string& path, const v1::RunReply& run,
                                        const std::string& label);

/// Of a text of CSV. Without a header its columns are the features, in the data set's order. With
/// one, features are found by their names, where the data set names them; else they are the columns
/// in their order. The column of the label may be there, as may those that the run leaves out.
/// Throws INVALID_ARGUMENT naming `file`, line and column of what is wrong, and what is valid.
[[nodiscard]] AskedSamples parse_samples(const std::string& text, const std::string& file,
                                         const v1::RunReply& run, const std::string& label);

} // namespace phyll::cli
