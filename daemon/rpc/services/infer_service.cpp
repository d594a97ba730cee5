#include "daemon/rpc/limits.hpp"
#include "daemon/rpc/services/desk.hpp"
#include "daemon/rpc/services/services.hpp"
#include "daemon/rpc/services/turn.hpp"
#include "daemon/runs/serving/infer.hpp"
#include "daemon/training/inference.hpp"
#include "drivers/core/error.hpp"

#include <phyll/v1/runs.pb.h>

#include <boost/asio/post.hpp>

#include <fmt/format.h>

#include <exception>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace phyll::rpc {
namespace {

/// A request on its way, shared between the loop and the thread that works on it.
struct Question {
    runs::RunRecord run;
    HeldBlock inputs;
    runs::InferOrder order;
    runs::ServedNetwork served{};
    runs::Inferred answer{};
    std::vector<std::string> notices{};
};

using QuestionPtr = std::shared_ptr<Question>;

/// Of rigs that are held to be other devices than those that the network was trained on.
std::vector<std::string> notices_of(const Site& site, const Question& question) {
    std::vector<std::string> notices;
    for (const std::string& name : runs::rigs_of(question.run.spec)) {
        const std::uint64_t then = runs::era_of(question.run.info, name);
        const std::uint64_t now = site.lab.rig(name).era();
        if (then != 0 && then != now) {
            notices.push_back(fmt::format("rig '{}' is in era {}, and was in era {} at the end of "
                                          "the training: it is held to be another device",
                                          name, now, then));
        }
    }
    return notices;
}

void give_answer(Question& question, Call& call) {
    v1::InferReply& reply = question.answer.reply;
    for (std::string& notice : question.notices) {
        reply.add_notices(std::move(notice));
    }
    Frames frames;
    frames.push_back(give_block(std::move(question.answer.scores), *reply.mutable_scores()));
    call.reply(reply, std::move(frames));
}

/// Scores are given as a whole: no more of them than fit in a frame.
void check_scores(const training::TrainedNetwork& network, std::size_t samples) {
    const std::size_t most = largest_frame / sizeof(float) / network.classes();
    if (samples > most) {
        throw invalid_field("inputs", fmt::format("{} samples; at most {} fit, since {} scores "
                                                  "come back for each",
                                                  samples, most, network.classes()));
    }
}

/// On a thread of the pool, while the rigs are held.
void measure_held(const Site& site, Question& question, const std::stop_token& stop) {
    std::map<std::string, rig::LeasedRig> leased;
    std::map<std::string, runs::HeldRig> rigs;
    for (const std::string& name : runs::rigs_of(question.run.spec)) {
        rig::RigThread& rig = site.lab.rig(name);
        // The end of the lease is in `stop`; who asked is told of it by the turn.
        rig::LeasedRig& layer = leased.try_emplace(name, rig, std::stop_token()).first->second;
        rigs[name] = {.layer = &layer, .age = rig.status().age};
    }
    question.answer = runs::infer(question.served, question.order, rigs, stop);
}

void ask_network(const Site& site, const QuestionPtr& question, const std::shared_ptr<Call>& call,
                 bool wait) {
    const auto begin = [&site, question](const std::stop_token& stop, Turn::Done done) {
        boost::asio::post(site.inferences, [&site, question, stop, done = std::move(done)] {
            std::exception_ptr failure;
            try {
                measure_held(site, *question, stop);
            } catch (...) {
                failure = std::current_exception();
            }
            done(failure);
        });
    };
    std::make_shared<Turn>(site, runs::rigs_of(question->run.spec), call, begin,
                           [&site, question, call] {
                               question->notices = notices_of(site, *question);
                               give_answer(*question, *call);
                           })
        ->start("an inference", wait);
}

void check_rigs_of(const Site& site, const v1::RunSpec& spec) {
    const std::set<std::string> rigs = runs::rigs_of(spec);
    for (const std::string& name : rigs) {
        require_driver(site.lab.rig(name));
    }
    site.runs.check_calibrated(rigs);
}

/// What can be refused is refused before anybody waits for a rig.
void infer(const Site& site, const v1::InferRequest& request, const std::shared_ptr<Call>& call) {
    const auto question = std::make_shared<Question>();
    question->run = site.runs.get(request.run());
    runs::check_served(question->run.info);
    check_rigs_of(site, question->run.spec);
    question->inputs = call->read_payload(request.inputs(), "inputs");
    question->order = {.inputs = question->inputs.view(),
                       .early_exit = request.has_early_exit() ? std::optional(request.early_exit())
                                                              : std::nullopt,
                       .key = request.has_key() ? request.key() : fresh_key()};
    at_desk(
        site, call,
        [&site, question, find = site.runs.find_rig()] {
            runs::ServedNetwork served = runs::load_network(question->run, find, site.workers);
            training::check_inputs(*served.network, question->order.inputs);
            check_scores(*served.network, question->inputs.samples());
            if (question->order.early_exit) {
                training::check_early_exit(*served.network, *question->order.early_exit);
            }
            return served;
        },
        [&site, question, call, wait = request.wait()](runs::ServedNetwork& served) {
            question->served = std::move(served);
            ask_network(site, question, call, wait);
        });
}

} // namespace

void add_infer_service(Dispatcher& dispatcher, const Site& site) {
    dispatcher.serve<v1::InferRequest, v1::InferReply>(
        "phyll.v1.Runs/Infer",
        [&site](const auto& request, const auto& call) { infer(site, request, call); });
}

} // namespace phyll::rpc
