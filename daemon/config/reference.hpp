#pragma once

#include "daemon/config/comments.hpp"
#include "daemon/config/options.hpp"

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

// The reference of every key of configuration and run files, made of what the .proto files say:
// fields, their rules, their comments. A key that is added there is in the reference.
namespace phyll::config {

/// One key, in the terms of whoever writes a file.
struct Key {
    std::string name; ///< from the head of its topic: "noise", "camera.exposure", "stages[].gain"
    std::string path; ///< from the top of the file: "rigs[].simulation.noise"
    /// "text", "whole number", "number", "true or false", "table", "list of tables", ...
    std::string type;
    std::string range;                ///< "0.02 to 2"; empty: none
    std::string unit;                 ///< "m"; empty: none
    std::vector<std::string> choices; ///< the valid texts; empty: any
    std::string default_value;        ///< as it is written in a file; empty: none
    bool required = false;
    /// Of the same file, with the keys of this table: several for the options of several kinds.
    std::vector<std::string> topics;
    std::string about; ///< one line per paragraph
};

/// A table that files can have, or the top of a file.
struct Topic {
    std::string name;  ///< "simulation"; for the options of a kind the kind: "acoustic"
    std::string file;  ///< "the configuration", "a run file"
    std::string head;  ///< how the table begins: "[rigs.simulation]"; empty: the top of the file
    std::string kind;  ///< whose options these are; empty: the table is no kind's
    std::string about; ///< one line per paragraph
    std::vector<Key> keys;
};

/// A file that is read by the rules of a message.
struct FileType {
    std::string file;  ///< "a dialect of generators"
    std::string topic; ///< of its top: "generator-dialect"
    const google::protobuf::Descriptor* type = nullptr;
};

/// Everything that can be set in the configuration, in run files and in files of `more` types: for
/// each file its top, then its tables and the options of every kind
/// that the resolver knows, in the order of the fields. Tables inside a kind's options have no
/// topic of their own; their keys are among the kind's. The same name may come twice, in different
/// files.
[[nodiscard]] std::vector<Topic> reference(const Comments& comments,
                                           const OptionsResolver& resolver,
                                           const std::vector<FileType>& more = {});

/// What is said about `what`: the topics of that name; else, for a key by its name ("epochs") or by
/// its path ("training.epochs", "layers[1].width", "layers.1.width"), its topics with only that
/// key. Throws NOT_FOUND with the nearest name when there is neither.
[[nodiscard]] std::vector<Topic> topics_about(const std::string& what,
                                              const std::vector<Topic>& topics);

/// What a key takes: "number, 0.02 to 2 m".
[[nodiscard]] std::string value_in_words(const Key& key);

// For a terminal: lines of at most 90 characters (longer words apart), the last one ended.

/// The names of the topics, each with the first sentence about it.
[[nodiscard]] std::string text_list(const std::vector<Topic>& topics);
[[nodiscard]] std::string text_of(const Topic& topic);

// For documents: GitHub's Markdown, the last line ended.

/// One section, with a table of its keys.
[[nodiscard]] std::string markdown_of(const Topic& topic);
/// All sections, with a title, a word about how to read them and a table of contents.
[[nodiscard]] std::string markdown_manual(const std::vector<Topic>& topics);

} // namespace phyll::config
