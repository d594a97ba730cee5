// What clients send: frames, headers, bodies and payloads, as the server takes them apart and hands
// them to calls.

#include "daemon/rpc/budget.hpp"
#include "daemon/rpc/call.hpp"
#include "daemon/rpc/dispatcher.hpp"
#include "daemon/rpc/frames.hpp"
#include "tests/fuzz/input.hpp"

#include <google/protobuf/message.h>

#include <map>
#include <memory>
#include <optional>
#include <utility>

using namespace phyll;
using namespace phyll::fuzz;
using google::protobuf::Message;
using rpc::Call;
using rpc::Frames;

namespace {

/// The only place that knows what a call is made of.
std::shared_ptr<Call> call_of(rpc::Incoming incoming, rpc::Exchange exchange) {
    return std::make_shared<Call>(std::move(incoming.header), std::move(incoming.rest),
                                  rpc::Caller{"a fuzzer", v1::ROLE_ADMIN}, Deadline::never(),
                                  exchange);
}

std::unique_ptr<Message> new_message(const google::protobuf::Descriptor& type) {
    return std::unique_ptr<Message>(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type)->New());
}

/// The first description of a payload in a message; null where there is none.
const v1::Block* block_in(const Message& message) {
    if (message.GetDescriptor() == v1::Block::descriptor()) {
        return static_cast<const v1::Block*>(&message);
    }
    std::vector<const google::protobuf::FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const auto* field : fields) {
        if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE &&
            !field->is_repeated()) {
            const Message& inner = message.GetReflection()->GetMessage(message, field);
            if (const v1::Block* block = block_in(inner)) {
                return block;
            }
        }
    }
    return nullptr;
}

/// Reads a payload that a body describes, or plain bytes, from a call or an item of it, and gives
/// it back as an answer's.
template <class From>
Frames read_payload(From& from, const Message& body) {
    Frames answer;
    if (const v1::Block* described = block_in(body)) {
        const HeldBlock block = from.read_payload(*described, "stimuli");
        require(block.view().channels() == described->channels() &&
                    block.view().samples() == described->samples(),
                "a payload has the shape that was described");
        v1::Block again;
        answer.push_back(rpc::give_block(block.view(), again));
        require(again.channels() == described->channels() &&
                    again.samples() == described->samples(),
                "a block is described as it came");
    } else {
        const std::span<const std::byte> bytes = from.read_bytes("data");
        answer.emplace_back(bytes.data(), bytes.size());
    }
    return answer;
}

/// Does with a call what methods of its exchange do.
void handle(const std::shared_ptr<Call>& call, const rpc::Dispatcher::Method& method) {
    const std::unique_ptr<Message> request = new_message(*method.descriptor->input_type());
    call->read_body(*request);
    require(call->stop_token().stop_requested() == call->over(), "a call stops when it is over");
    const auto answer = [call, &method](Frames payload) {
        call->item(*new_message(*method.descriptor->output_type()), std::move(payload));
    };
    switch (method.exchange) {
    case rpc::Exchange::unary:
        call->reply(*new_message(*method.descriptor->output_type()), read_payload(*call, *request));
        break;
    case rpc::Exchange::stream:
        while (call->take_credit() && call->header().id() % 3 != 0) {
            answer({});
        }
        call->when_granted([call] { call->end(); });
        break;
    case rpc::Exchange::conversation:
        // The call owns what is done with its items.
        call->when_item([&call = *call, &method](rpc::Content item) {
            const std::unique_ptr<Message> body = new_message(*method.descriptor->input_type());
            item.read_body(*body);
            call.grant_client(1);
            call.item(*new_message(*method.descriptor->output_type()), read_payload(item, *body));
        });
        call->when_end([&call = *call] { call.end(); });
        call->grant_client(2);
        call->send_grant();
        break;
    }
}

/// One client's requests in flight, as the server keeps them.
class Client {
  public:
    explicit Client(const rpc::Dispatcher& dispatcher) : dispatcher_(dispatcher) {}
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client() {
        while (!calls_.empty()) {
            const std::shared_ptr<Call> call = calls_.begin()->second;
            call->abandon(Error(Code::cancelled, "its client is gone"));
            require(call->over(), "what is abandoned is over");
        }
    }

    void received(Frames frames) {
        std::optional<rpc::Incoming> incoming = rpc::parse(std::move(frames));
        if (!incoming) {
            return;
        }
        v1::Header again;
        const zmq::message_t bytes = rpc::serialise(incoming->header);
        require(again.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) &&
                    again.SerializeAsString() == incoming->header.SerializeAsString(),
                "a header that was read can be written and read again");
        if (incoming->header.kind() == v1::REQUEST) {
            request(std::move(*incoming));
        } else if (const auto found = calls_.find(incoming->header.id()); found != calls_.end()) {
            const std::shared_ptr<Call> call = found->second;
            work_on(*call, [&] { go_on(*call, std::move(*incoming)); });
        }
    }

  private:
    template <class Work>
    static void work_on(Call& call, const Work& work) {
        expect_error_only([&] {
            try {
                work();
            } catch (const Error& error) {
                call.fail(error);
                require(call.over(), "a call that failed is over");
                throw;
            }
        });
    }

    void request(rpc::Incoming incoming) {
        const std::uint64_t id = incoming.header.id();
        const auto* method = dispatcher_.find(incoming.header.method());
        if (method == nullptr || calls_.contains(id)) {
            return;
        }
        std::optional<rpc::Budget::Share> share = account_.take(rpc::bytes_of(incoming.rest));
        require(share.has_value(), "little is held for a client");
        const std::shared_ptr<Call> call = call_of(std::move(incoming), method->exchange);
        call->hold(std::move(*share));
        call->connect(
            [sent = std::uint64_t{0}, over = false](const v1::Header& header,
                                                    const Frames&) mutable {
                require(!over, "nothing follows the last answer");
                over = header.kind() == v1::REPLY || header.kind() == v1::END;
                require(header.kind() != v1::ITEM || header.sequence() == sent++,
                        "items are numbered from 0");
                require(header.status().IsInitialized() && header.ByteSizeLong() > 0,
                        "an answer says what it is");
            },
            [this, id](const Call&) { calls_.erase(id); });
        calls_[id] = call;
        work_on(*call, [&] { handle(call, *method); });
    }

    void go_on(Call& call, rpc::Incoming incoming) {
        switch (incoming.header.kind()) {
        case v1::CANCEL:
            call.fail(Error(Code::cancelled, "cancelled by the client"));
            break;
        case v1::CREDIT:
            call.grant(incoming.header.credit());
            break;
        case v1::ITEM: {
            std::optional<rpc::Budget::Share> share = account_.take(rpc::bytes_of(incoming.rest));
            call.take_item(incoming.header, std::move(incoming.rest), std::move(share.value()));
            break;
        }
        case v1::END:
            call.take_end();
            break;
        default:
            break;
        }
    }

    const rpc::Dispatcher& dispatcher_;
    rpc::Budget budget_{rpc::most_asked, rpc::most_asked_by_all};
    rpc::Budget::Account account_ = budget_.open_account();
    std::map<std::uint64_t, std::shared_ptr<Call>> calls_;
};

/// A message's frames: each a length of two bytes, whose highest bit says that one more follows.
Frames next_message(Input& input) {
    Frames frames;
    bool more = true;
    while (more && frames.size() < rpc::most_frames) {
        constexpr std::uint16_t follows = 0x8000;
        const auto length = input.number<std::uint16_t>();
        more = (length & follows) != 0;
        const auto bytes = input.bytes(length & ~follows);
        frames.emplace_back(bytes.data(), bytes.size());
    }
    return frames;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // Bytes that cannot be read are logged otherwise, for each input.
    static const google::protobuf::LogSilencer silence;
    static const rpc::Dispatcher dispatcher;
    Client client(dispatcher);
    Input input(data, size);
    while (!input.empty()) {
        client.received(next_message(input));
    }
    return 0;
}
