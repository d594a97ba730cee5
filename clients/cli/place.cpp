#include "place.hpp"

#include "clients/cpp/endpoint.hpp"
#include "clients/cpp/environment.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/keys/key_file.hpp"
#include "labs.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <utility>

namespace phyll::cli {
namespace {

constexpr const char* endpoint_variable = "PHYLL_ENDPOINT";
constexpr const char* lab_variable = "PHYLL_LAB";
constexpr const char* server_key_variable = "PHYLL_SERVER_KEY";
constexpr const char* key_variable = "PHYLL_KEY";

Place named_by(const Said& said, const std::filesystem::path& profiles) {
    Place place;
    if (!said.lab.empty()) {
        Lab lab = find_lab(profiles, said.lab);
        place = {std::move(lab.endpoint), lab.server_key, std::move(lab.key)};
    } else {
        place.endpoint = said.endpoint.empty() ? default_endpoint() : said.endpoint;
        place.key = default_key_file();
    }
    return place;
}

/// Keys that were said by themselves are those of the place, whatever it is.
void take_keys(const Said& said, const char* server_key_name, Place& place) {
    if (!said.server_key.empty()) {
        place.server_key = PublicKey::read(server_key_name, said.server_key);
    }
    if (!said.key.empty()) {
        place.key = said.key;
    }
}

void set(const char* variable, const std::string& value) {
    if (value.empty()) {
        ::unsetenv(variable);
    } else {
        ::setenv(variable, value.c_str(), 1);
    }
}

} // namespace

Said said_by_environment() {
    return {environment(endpoint_variable), environment(lab_variable),
            environment(server_key_variable), environment(key_variable)};
}

Place place_of(const Said& options, const Said& variables, const std::filesystem::path& profiles) {
    const bool by_options = !options.endpoint.empty() || !options.lab.empty();
    const Said& named = by_options ? options : variables;
    if (!named.endpoint.empty() && !named.lab.empty()) {
        throw by_options
            ? invalid_field("--lab", "given beside --endpoint; one of them says where phylld is")
            : invalid_field(lab_variable, fmt::format("set beside {}; unset one of them, or say "
                                                      "--lab or --endpoint",
                                                      endpoint_variable));
    }
    if (!options.server_key.empty() && named.endpoint.empty() && named.lab.empty()) {
        throw invalid_field("--server-key", "given without a place; say with --endpoint or --lab "
                                            "where the phylld with that key is");
    }
    Place place = named_by(named, profiles);
    if (!by_options) {
        take_keys(variables, server_key_variable, place);
    }
    take_keys(options, "--server-key", place);
    place.key = std::filesystem::absolute(place.key);
    return place;
}

Address address_of(const Place& place) {
    if (!place.server_key) {
        return place.endpoint;
    }
    try {
        return {place.endpoint, std::make_shared<const Credentials>(
                                    Credentials{*place.server_key, read_key_file(place.key)})};
    } catch (const Error& error) {
        if (error.code() != Code::not_found) {
            throw;
        }
        throw Error(Code::not_found,
                    fmt::format("there is no key file {}; make a key with 'phyllctl key new' and "
                                "ask an admin of the lab to add it, or say with --key where it is",
                                place.key.string()));
    }
}

void tell_children(const Place& place) {
    set(endpoint_variable, place.endpoint);
    set(lab_variable, "");
    set(server_key_variable, place.server_key ? place.server_key->text() : "");
    set(key_variable, place.server_key ? place.key.string() : "");
}

} // namespace phyll::cli
