#include "daemon/rpc/services/desk.hpp"

#include "daemon/config/load.hpp"
#include "daemon/rig/instrument_configs.hpp"
#include "daemon/runs/simulated_spec.hpp"

#include <sodium.h>

#include <algorithm>
#include <cmath>
#include <string_view>

namespace phyll::rpc {
namespace {

constexpr std::size_t token_bytes = 16;

std::string_view as_text(const PublicKey& key) {
    return {reinterpret_cast<const char*>(key.bytes.data()), key.bytes.size()};
}

} // namespace

Error inside(const Call& call, const std::exception& error) {
    return {Code::internal,
            fmt::format("{} failed inside phylld: {}", call.header().method(), error.what())};
}

std::uint64_t fresh_key() {
    std::uint64_t key = 0;
    randombytes_buf(&key, sizeof key);
    return key;
}

std::string fresh_token() {
    std::string token(token_bytes, '\0');
    randombytes_buf(token.data(), token.size());
    return token;
}

std::string bound_token(const Call& call, const std::string& token) {
    return call.caller().key ? token + std::string(as_text(*call.caller().key)) : token;
}

std::string wire_token(const std::string& bound) {
    return bound.substr(0, token_bytes);
}

bool is_bound_to(const PublicKey& key, const std::string& bound) {
    return bound.size() > token_bytes && bound.ends_with(as_text(key));
}

std::string lease_of(const Call& call) {
    const std::string& token = call.header().lease();
    return token.empty() ? token : bound_token(call, token);
}

void fail(Call& call, const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const Error& error) {
        call.fail(error);
    } catch (const std::exception& error) {
        call.fail(inside(call, error));
    }
}

v1::RunSpec read_run_file(const v1::RunFile& file, const config::OptionsResolver& options,
                          const std::vector<std::string>& more) {
    std::vector<std::string> overrides(file.overrides().begin(), file.overrides().end());
    overrides.insert(overrides.end(), more.begin(), more.end());
    return config::load_run_spec(file.text(), file.name(), overrides, options);
}

void choose_rigs(const Site& site, bool simulate, v1::RunSpec& spec) {
    if (simulate) {
        runs::put_on_simulations(spec, [&](const std::string& rig) {
            const std::string name = rig::simulation_name(rig);
            const bool there = std::ranges::any_of(
                site.lab.rigs(), [&](const auto& other) { return other->name() == name; });
            return there ? name : std::string();
        });
    }
    site.runs.check_calibrated(spec);
}

void check_after_event(const Site& site, std::uint64_t number) {
    if (const std::uint64_t last = site.store.last_event(); number > last) {
        throw invalid_field("after_event",
                            fmt::format("{}; the latest event of this phylld has the number {}: "
                                        "watch from 0 on",
                                        number, last));
    }
}

void check_priority(std::int32_t priority) {
    constexpr std::int32_t most = 1000;
    if (priority < -most || priority > most) {
        throw invalid_field("priority",
                            fmt::format("{}; valid are {} to {}", priority, -most, most));
    }
}

void check_filter(const v1::ListRunsRequest& request) {
    for (int i = 0; i < request.states_size(); ++i) {
        if (request.states(i) == v1::RUN_STATE_UNSPECIFIED ||
            !v1::RunState_IsValid(request.states(i))) {
            throw invalid_field(fmt::format("states[{}]", i),
                                fmt::format("{} is no state of a run; valid is 1 to {}",
                                            static_cast<int>(request.states(i)),
                                            static_cast<int>(v1::RunState_MAX)));
        }
    }
    if (!std::isfinite(request.since()) || request.since() < 0) {
        throw invalid_field(
            "since", fmt::format("{}; valid are seconds since 1970, from 0 on", request.since()));
    }
}

} // namespace phyll::rpc
