#include "labs.hpp"

#include "clients/cpp/endpoint.hpp"
#include "clients/cpp/environment.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/readers/toml_library.hpp"
#include "drivers/core/text.hpp"
#include "file_aside.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
#include <system_error>

namespace phyll::cli {
namespace {

constexpr const char* usual_key = "client.key";
/// More than anybody's labs take.
constexpr std::size_t largest_file = std::size_t{256} * 1024;
constexpr std::array<std::string_view, 3> keys_of_a_lab{"endpoint", "server_key", "key"};

/// Makes labs of what the library has read, and says at once what is wrong with them.
class LabReader {
  public:
    explicit LabReader(std::string file) : file_(std::move(file)) {}

    [[nodiscard]] std::vector<Lab> labs(const toml::table& root) {
        std::vector<Lab> found;
        for (const auto& [key, node] : root) {
            if (key.str() != "labs") {
                problem(node, std::string(key.str()),
                        "unknown key; valid are tables like [labs.bench]");
            } else if (const toml::table* all = table(node, "labs")) {
                for (const auto& [name, lab] : *all) {
                    found.push_back(read(std::string(name.str()), lab));
                }
            }
        }
        if (!problems_.empty()) {
            throw Error(Code::invalid_argument, fmt::format("{}", fmt::join(problems_, "\n")),
                        violations_);
        }
        return found;
    }

  private:
    Lab read(const std::string& name, const toml::node& node) {
        Lab lab;
        lab.name = name;
        lab.key = usual_key;
        const std::string path = "labs." + name;
        const toml::table* const about = table(node, path);
        if (about == nullptr) {
            return lab;
        }
        for (const auto& [key, value] : *about) {
            if (std::ranges::find(keys_of_a_lab, key.str()) == keys_of_a_lab.end()) {
                problem(value, fmt::format("{}.{}", path, key.str()),
                        fmt::format("unknown key; valid are {}", fmt::join(keys_of_a_lab, ", ")));
            }
        }
        read_endpoint(*about, path, lab);
        read_server_key(*about, path, lab);
        read_key(*about, path, lab);
        return lab;
    }

    void read_endpoint(const toml::table& about, const std::string& path, Lab& lab) {
        const toml::node* const node = about.get("endpoint");
        if (node == nullptr) {
            problem(about, path + ".endpoint", "missing; where phylld listens, tcp://HOST:PORT");
        } else if (const auto text = text_of(*node, path + ".endpoint")) {
            lab.endpoint = *text;
            if (!is_endpoint(*text)) {
                problem(*node, path + ".endpoint",
                        in_quotes(*text) + "; valid is ipc://PATH or tcp://HOST:PORT");
            }
        }
    }

    void read_server_key(const toml::table& about, const std::string& path, Lab& lab) {
        const toml::node* const node = about.get("server_key");
        if (node == nullptr) {
            problem(
                about, path + ".server_key",
                "missing; phylld's own public key, as 'phyllctl key list' shows it to an admin");
        } else if (const auto text = text_of(*node, path + ".server_key")) {
            const auto key = PublicKey::parse(*text);
            if (!key) {
                problem(*node, path + ".server_key",
                        in_quotes(*text) + "; valid are 64 hexadecimal digits");
            }
            lab.server_key = key.value_or(PublicKey());
        }
    }

    void read_key(const toml::table& about, const std::string& path, Lab& lab) {
        const toml::node* const node = about.get("key");
        if (node == nullptr) {
            return;
        }
        if (const auto text = text_of(*node, path + ".key")) {
            lab.key = *text;
            if (text->empty()) {
                problem(*node, path + ".key", "empty; valid is the path of a key file");
            }
        }
    }

    const toml::table* table(const toml::node& node, const std::string& path) {
        if (!node.is_table()) {
            problem(node, path, "is no table; valid are tables like [labs.bench]");
        }
        return node.as_table();
    }

    std::optional<std::string> text_of(const toml::node& node, const std::string& path) {
        if (!node.is_string()) {
            problem(node, path, "is no text; valid is one in quotes");
            return std::nullopt;
        }
        return node.as_string()->get();
    }

    void problem(const toml::node& at, const std::string& field, const std::string& description) {
        problems_.push_back(
            fmt::format("{}:{}: {}: {}", file_, at.source().begin.line, field, description));
        violations_.push_back({field, description});
    }

    std::string file_;
    std::vector<std::string> problems_;
    std::vector<FieldViolation> violations_;
};

std::vector<Lab> labs_in(const std::string& text, const std::filesystem::path& profiles) {
    try {
        return LabReader(profiles.string()).labs(toml::parse(text));
    } catch (const toml::parse_error& error) {
        const auto at = error.source().begin;
        throw Error(Code::invalid_argument, fmt::format("{}:{}:{}: {}", profiles.string(), at.line,
                                                        at.column, error.description()));
    }
}

/// Empty where there is no file.
std::string text_of_file(const std::filesystem::path& profiles) {
    std::ifstream in(profiles, std::ios::binary);
    if (!in && errno == ENOENT) {
        return {};
    }
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (in.bad() || !in.is_open()) {
        throw Error(Code::permission_denied, fmt::format("cannot read {}: {}", profiles.string(),
                                                         std::generic_category().message(errno)));
    }
    if (text.size() > largest_file) {
        throw Error(Code::invalid_argument,
                    fmt::format("{}: {} bytes; at most {} are read", profiles.string(), text.size(),
                                largest_file));
    }
    return text;
}

std::string in_toml(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
        }
        out += c;
    }
    return out + '"';
}

std::string table_of(const Lab& lab) {
    std::string out = fmt::format("[labs.{}]\nendpoint = {}\nserver_key = \"{}\"\n", lab.name,
                                  in_toml(lab.endpoint), lab.server_key.text());
    if (!lab.key.empty()) {
        out += fmt::format("key = {}\n", in_toml(std::filesystem::absolute(lab.key).string()));
    }
    return out;
}

void require_name(const std::string& name) {
    constexpr std::string_view valid =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    if (name.empty() || name.find_first_not_of(valid) != std::string::npos) {
        throw invalid_field("name",
                            in_quotes(name) + "; valid are letters, digits, - and _, at least one");
    }
}

/// `more` behind `text`, with an empty line between them.
std::string joined(std::string text, const std::string& more) {
    if (!text.empty()) {
        text += text.ends_with('\n') ? "\n" : "\n\n";
    }
    return text + more;
}

} // namespace

std::filesystem::path config_folder() {
    const std::string configured = environment("XDG_CONFIG_HOME");
    return std::filesystem::path(configured.empty() ? environment("HOME") + "/.config"
                                                    : configured) /
           "phyll";
}

std::filesystem::path profiles_file() {
    return config_folder() / "profiles.toml";
}

std::filesystem::path default_key_file() {
    return config_folder() / usual_key;
}

std::vector<Lab> read_labs(const std::filesystem::path& profiles) {
    std::vector<Lab> labs = labs_in(text_of_file(profiles), profiles);
    for (Lab& lab : labs) {
        lab.key = profiles.parent_path() / lab.key; // which it is alone, where it is absolute
    }
    return labs;
}

Lab find_lab(const std::filesystem::path& profiles, const std::string& name) {
    const std::vector<Lab> labs = read_labs(profiles);
    const auto found = std::ranges::find(labs, name, &Lab::name);
    if (found != labs.end()) {
        return *found;
    }
    std::vector<std::string> names;
    for (const Lab& lab : labs) {
        names.push_back(in_quotes(lab.name));
    }
    throw Error(Code::not_found,
                fmt::format("there is no lab {} in {}; {}", in_quotes(name), profiles.string(),
                            names.empty() ? "it has none yet: phyllctl lab add"
                                          : fmt::format("there are {}", fmt::join(names, ", "))));
}

void add_lab(const std::filesystem::path& profiles, const Lab& lab) {
    require_name(lab.name);
    // Where the name is a link, it stays one.
    const std::filesystem::path file = std::filesystem::weakly_canonical(profiles);
    const std::string before = text_of_file(file);
    const std::vector<Lab> labs = labs_in(before, profiles);
    if (std::ranges::find(labs, lab.name, &Lab::name) != labs.end()) {
        throw Error(Code::already_exists,
                    fmt::format("there is a lab {} in {} already; take its lines out there, or "
                                "choose another name",
                                in_quotes(lab.name), profiles.string()));
    }
    const std::string after = joined(before, table_of(lab));
    static_cast<void>(labs_in(after, profiles)); // else nobody could read it from then on
    if (std::filesystem::create_directories(file.parent_path())) {
        std::filesystem::permissions(file.parent_path(), std::filesystem::perms::owner_all);
    }
    FileAside out(file);
    out.write(std::string_view(after));
    out.finish();
}

} // namespace phyll::cli
