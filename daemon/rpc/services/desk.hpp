#pragma once

// What several services share.

#include "daemon/rpc/services/services.hpp"
#include "drivers/core/error.hpp"

#include <phyll/v1/runs.pb.h>

#include <boost/asio/post.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace phyll::rpc {

/// What a client is told of a failure that nobody foresaw.
[[nodiscard]] Error inside(const Call& call, const std::exception& error);

/// The key of samples that the client gave none.
[[nodiscard]] std::uint64_t fresh_key();
/// Of a lease, as it goes over the wire: 128 random bits.
[[nodiscard]] std::string fresh_token();
/// The same as the lab knows it: bound to the key of who calls, so that it is of no use to anybody
/// else who gets to see it.
[[nodiscard]] std::string bound_token(const Call& call, const std::string& token);
/// The first from the second.
[[nodiscard]] std::string wire_token(const std::string& bound);
/// Whether a token that the lab knows is bound to that key.
[[nodiscard]] bool is_bound_to(const PublicKey& key, const std::string& bound);
/// The token that the call is made under, as the lab knows it; empty: none.
[[nodiscard]] std::string lease_of(const Call& call);

/// Ends the call with what was thrown.
void fail(Call& call, const std::exception_ptr& failure);

/// Does `work` on a thread of `pool` and hands what it returns to `then` on the loop: but for a
/// call that was taken away meanwhile, as when its key was revoked.
template <class Work, class Then>
void aside(boost::asio::thread_pool& pool, const Site& site, const std::shared_ptr<Call>& call,
           Work work, Then then) {
    boost::asio::post(pool, [&site, call, work = std::move(work), then = std::move(then)] {
        try {
            auto result = std::make_shared<decltype(work())>(work());
            boost::asio::post(site.loop, [call, result, then] {
                if (call->over() && call->code() == Code::aborted) {
                    return;
                }
                try {
                    then(*result);
                } catch (const Error& error) {
                    call->fail(error);
                } catch (const std::exception& error) {
                    call->fail(inside(*call, error));
                }
            });
        } catch (const Error& error) {
            boost::asio::post(site.loop, [call, error] { call->fail(error); });
        } catch (const std::exception& error) {
            const Error internal = inside(*call, error);
            boost::asio::post(site.loop, [call, internal] { call->fail(internal); });
        }
    });
}

/// Does `work` at the desk and hands what it returns to `then` on the loop.
template <class Work, class Then>
void at_desk(const Site& site, const std::shared_ptr<Call>& call, Work work, Then then) {
    aside(site.desk, site, call, std::move(work), std::move(then));
}

/// Reads a run file; `more` is set after the file's own overrides.
[[nodiscard]] v1::RunSpec read_run_file(const v1::RunFile& file,
                                        const config::OptionsResolver& options,
                                        const std::vector<std::string>& more = {});

/// What every run is submitted or checked with: puts it on its rigs' simulations, where that is
/// asked for, and throws FAILED_PRECONDITION where a rig of it would measure nothing. Any thread.
void choose_rigs(const Site& site, bool simulate, v1::RunSpec& spec);

/// Throws INVALID_ARGUMENT for the number of an event that there never was.
void check_after_event(const Site& site, std::uint64_t number);

/// Throws INVALID_ARGUMENT for a priority out of range.
void check_priority(std::int32_t priority);

/// A run as most methods that do something to one answer. Throws NOT_FOUND.
[[nodiscard]] v1::RunReply run_reply(const runs::RunManager& manager, std::uint64_t run);

/// Throws INVALID_ARGUMENT for a filter that cannot be meant.
void check_filter(const v1::ListRunsRequest& request);

} // namespace phyll::rpc
