#pragma once

#include "clients/cli/report/facts.hpp"

#include <string>

// Sentences and parts of sentences about a run, from what is recorded of it and nothing else.
namespace phyll::cli {

/// Whether the run's evidence is that of instruments, real or virtual.
[[nodiscard]] bool is_of_instruments(const v1::RunInfo& run);
/// What was measured: "simulation: the responses were computed, ...".
[[nodiscard]] std::string evidence_words(const v1::RunInfo& run);
/// "synthetic vowels drawn from published formant statistics", "the file 'x.csv'"
[[nodiscard]] std::string data_words(const v1::DataSpec& data);
/// How training and test samples were told apart.
[[nodiscard]] std::string split_words(const RunFacts& facts);
/// The learning rule: "phyll (supervised physical local learning; ...)".
[[nodiscard]] std::string scheme_words(const v1::RunSpec& spec);
/// Whether the scheme takes epochs and learning rates; read-outs do not.
[[nodiscard]] bool has_epochs(const v1::RunSpec& spec);
/// How long and in what steps it learned: "100 epochs a layer, ...". Of a scheme that `has_epochs`.
[[nodiscard]] std::string training_words(const RunFacts& facts);
/// "physics with skip path"
[[nodiscard]] std::string layer_words(const v1::LayerConfig& layer);
/// "98.1 % (51 of 52)"
[[nodiscard]] std::string share_words(double share, std::uint64_t samples);
/// "89.9 to 99.7 %"
[[nodiscard]] std::string interval_words(double share, std::uint64_t samples);
/// "20 inputs, 1 output"
[[nodiscard]] std::string channel_words(const v1::LayerSpec& spec);
/// "1 epoch", "2,000 epochs"
[[nodiscard]] std::string counted(std::uint64_t number, const std::string& what);

} // namespace phyll::cli
