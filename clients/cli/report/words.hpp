#pragma once

#include "clients/cli/report/facts.hpp"

#include <string>

// Sentences and parts of sentences about a run, from what is recorded of it and nothing else.
namespace phyll::cli {

/// Whether the run's evidence is that of instruments, real or virtual.
[[nodiscard]] bool is_of_instruments(const v1::RunInfo& run);
/// What was measured: "simulation: the responses were computed, ...".
[[nodiscard]] std::string evidence_words(const v1::RunInfo& run);
/// "synthetic vowels drawn from published formant statistics", "the file 'x.csv'"; with the copies
/// that training samples were measured as.
[[nodiscard]] std::string data_words(const v1::DataSpec& data);
/// What the data calls its classes: "7 classes (ae, ah, aw)", of many only how many there are;
/// empty where the run's result does not say.
[[nodiscard]] std::string classes_words(const v1::RunResult& result);
/// How training and test samples were told apart.
[[nodiscard]] std::string split_words(const RunFacts& facts);
/// The learning rule, by the scheme's kind: "phyll (supervised physical local learning; ...)".
[[nodiscard]] std::string scheme_words(const RunFacts& facts);
/// Whether the scheme takes epochs and learning rates; read-outs do not.
[[nodiscard]] bool has_epochs(const v1::RunSpec& spec);
/// How long and in what steps it learned: "100 epochs a layer, ...". Of a scheme that `has_epochs`.
[[nodiscard]] std::string training_words(const RunFacts& facts);
/// What was kept aside of the training split, and what it decided; empty: nothing.
[[nodiscard]] std::string validation_words(const v1::RunSpec& spec);
/// "physics with skip path"
[[nodiscard]] std::string layer_words(const v1::LayerConfig& layer);
/// "quantise (2 bits, gray)"
[[nodiscard]] std::string encoding_words(const v1::Encoding& encoding);
/// How often a rig is asked about an input, where that is more than once in an order of its own;
/// empty: once.
[[nodiscard]] std::string permutation_words(const v1::LayerConfig& layer);
/// What was done to simulated rigs on purpose, one sentence each; empty: nothing.
[[nodiscard]] std::string perturb_words(const v1::RunSpec& spec);
/// "98.1 % (51 of 52)"
[[nodiscard]] std::string share_words(double share, std::uint64_t samples);
/// "89.9 to 99.7 %"
[[nodiscard]] std::string interval_words(double share, std::uint64_t samples);
/// "20 inputs, 1 output"
[[nodiscard]] std::string channel_words(const v1::LayerSpec& spec);
/// "1 epoch", "2,000 epochs"; `many` where that is not `what` with an s.
[[nodiscard]] std::string counted(std::uint64_t number, const std::string& what,
                                  const std::string& many = {});
/// What other seeds came to, where the run is one of several; else that this is not known.
[[nodiscard]] std::string spread_words(const RunFacts& facts);

} // namespace phyll::cli
