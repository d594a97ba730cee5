#pragma once

#include "daemon/runs/clients/client_attempt.hpp"
#include "daemon/runs/run_state.hpp"
#include "tests/unit/runs/run_bench.hpp"

#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace phyll::test {

/// A client that drives a run of its own on "a", keeps a checkpoint now and then, and opens the run
/// again whenever it has lost it. What it asks again it must be answered to the bit as before.
class StormClient {
  public:
    static constexpr char rig = 'a';
    static constexpr std::size_t blocks = 8;
    static constexpr std::size_t samples = 3; ///< of each
    static constexpr std::size_t between_checkpoints = 3;

    explicit StormClient(RunBench& bench) : bench_(bench) { open(); }

    [[nodiscard]] std::uint64_t run() const { return run_; }
    /// How often it had the run.
    [[nodiscard]] std::size_t opened() const { return opened_; }

    /// Goes on, where it does not wait for an answer. On the loop, like all that is called back.
    void step() {
        if (opening_ || asking_ || runs::is_final(bench_.state(run_))) {
            return;
        }
        if (token_.empty()) {
            open();
        } else if (next_ == blocks) {
            ask([](runs::ClientAttempt& attempt) { attempt.close({}); }, [] {});
        } else if (next_ % between_checkpoints == 0 && kept_ != next_) {
            ask([at = next_](
                    runs::ClientAttempt& attempt) { attempt.checkpoint(fmt::format("{}", at)); },
                [this] { kept_ = next_; });
        } else {
            query();
        }
    }

    /// To be called once the run is over.
    void check() const {
        const v1::RunInfo info = bench_.info(run_);
        if (info.state() == v1::SUCCEEDED) {
            REQUIRE(info.result().training_queries() == blocks * samples);
            REQUIRE(answers_.size() == blocks);
        }
    }

  private:
    void open() {
        v1::OpenRequest request;
        request.set_wait(true);
        request.set_seed(1);
        request.set_resume(run_);
        if (run_ == 0) {
            request.mutable_rigs()->Add(std::string(1, rig));
        }
        opening_ = true;
        try {
            run_ = bench_.runs->open(
                request,
                {.by = "dora", .token = fmt::format("{}", ++tokens_), .time_to_live = Seconds(1e9)},
                [this](const std::exception_ptr& failure, const auto& opening) {
                    opening_ = false;
                    if (!failure) {
                        ++opened_;
                        token_ = opening.token;
                        kept_ = next_ = opening.checkpoint ? std::stoul(*opening.checkpoint) : 0;
                    }
                },
                [this] { return opening_; });
        } catch (const Error& error) { // it is not through with the last time
            REQUIRE(error.code() == Code::failed_precondition);
            opening_ = false;
        }
    }

    void query() {
        const auto answer = std::make_shared<std::vector<float>>();
        ask(
            [answer, at = next_](runs::ClientAttempt& attempt) {
                OwnedBlock stimuli(20, samples);
                for (std::size_t i = 0; i < stimuli.view().values().size(); ++i) {
                    stimuli.view().values()[i] = static_cast<float>((7 * at + i) % 10) / 10.0F;
                }
                const auto responses =
                    attempt.query("a", std::as_const(stimuli).view(), false).responses;
                const auto values = responses.view().values();
                answer->assign(values.begin(), values.end());
            },
            [this, answer] {
                REQUIRE(answers_.try_emplace(next_, *answer).first->second == *answer);
                ++next_;
            });
    }

    void ask(std::function<void(runs::ClientAttempt&)> what, std::function<void()> then) {
        asking_ = true;
        const auto done = [this, then = std::move(then)](const std::exception_ptr& failure) {
            bench_.loop.post([this, then, failed = failure != nullptr] {
                asking_ = false;
                failed ? token_.clear() : then();
            });
        };
        try {
            bench_.runs->desk_of(run_, token_).post({.work = std::move(what), .done = done});
        } catch (const Error& error) { // the run was taken from it
            REQUIRE(error.code() == Code::failed_precondition);
            asking_ = false;
            token_.clear();
        }
    }

    RunBench& bench_;
    std::uint64_t run_ = 0;
    std::uint64_t tokens_ = 0;
    std::string token_; ///< empty: it does not have the run
    bool opening_ = false;
    bool asking_ = false;
    std::size_t opened_ = 0;
    std::size_t next_ = 0;          ///< block
    std::size_t kept_ = blocks + 1; ///< block of the last checkpoint
    std::map<std::size_t, std::vector<float>> answers_;
};

} // namespace phyll::test
