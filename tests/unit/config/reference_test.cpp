#include "daemon/config/reference.hpp"
#include "daemon/config/rules.hpp"
#include "tests/support/text.hpp"
#include "tests/unit/config/settable.hpp"
#include "tests/unit/config/toy_kinds.hpp"

#include <catch2/catch.hpp>

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/stubs/logging.h>

#include <algorithm>

using namespace phyll;
using config::Key;
using config::Topic;
using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using phyll::test::contains;

namespace {

const config::Comments& comments() {
    static const config::Comments built(config::embedded_protos());
    return built;
}

const std::vector<Topic>& topics() {
    static const std::vector<Topic> all = config::reference(comments(), ToyKinds{});
    return all;
}

const Topic& topic(const std::string& name, const std::string& file = "the configuration") {
    const auto found = std::ranges::find_if(
        topics(), [&](const Topic& t) { return t.name == name && t.file == file; });
    INFO(name << " in " << file);
    REQUIRE(found != topics().end());
    return *found;
}

Key key(const Topic& topic, const std::string& name) {
    const auto found = std::ranges::find(topic.keys, name, &Key::name);
    INFO(topic.name << " " << name);
    REQUIRE(found != topic.keys.end());
    return *found;
}

/// A .proto of one test, as protoc would describe it with its comments.
class Proto {
  public:
    Proto() {
        file().set_name("test.proto");
        file().set_syntax("proto3");
    }

    /// What stands above and behind the part that `path` leads to.
    void say(const std::vector<int>& path, const std::string& above,
             const std::string& behind = "") {
        auto& location = *file().mutable_source_code_info()->add_location();
        location.mutable_path()->Add(path.begin(), path.end());
        location.mutable_span()->Resize(3, 0);
        location.set_leading_comments(above);
        location.set_trailing_comments(behind);
    }

    void add_message(const std::string& name, const std::vector<std::string>& fields) {
        google::protobuf::DescriptorProto& message = *file().add_message_type();
        message.set_name(name);
        for (const std::string& field_name : fields) {
            google::protobuf::FieldDescriptorProto& field = *message.add_field();
            field.set_name(field_name);
            field.set_number(message.field_size());
            field.set_label(google::protobuf::FieldDescriptorProto::LABEL_OPTIONAL);
            field.set_type(google::protobuf::FieldDescriptorProto::TYPE_STRING);
        }
    }

    [[nodiscard]] std::string bytes() const { return set_.SerializeAsString(); }

  private:
    google::protobuf::FileDescriptorProto& file() {
        return set_.file_size() == 0 ? *set_.add_file() : *set_.mutable_file(0);
    }

    google::protobuf::FileDescriptorSet set_;
};

/// The message of the NOT_FOUND that asking for `what` gives.
std::string refusal(const std::string& what) {
    try {
        static_cast<void>(config::topics_about(what, topics()));
        return "";
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::not_found);
        return error.what();
    }
}

std::vector<std::string> names_of(const std::vector<Topic>& some) {
    std::vector<std::string> names;
    std::ranges::transform(some, std::back_inserter(names), &Topic::name);
    return names;
}

} // namespace

TEST_CASE("every key says what it is") {
    const std::vector<const FieldDescriptor*> fields = settable_fields();
    REQUIRE(fields.size() > 50);
    for (const FieldDescriptor* field : fields) {
        INFO(field->full_name() << " in " << field->file()->name() << " needs a comment");
        CHECK_FALSE(comments().of(*field).empty());
    }
}

TEST_CASE("every file and the options of every kind say what they are") {
    const std::vector<const Descriptor*> types = outermost_types();
    REQUIRE(types.size() > 4);
    for (const Descriptor* type : types) {
        INFO(type->full_name() << " in " << type->file()->name() << " needs a comment");
        CHECK_FALSE(comments().of(*type).empty());
    }
}

TEST_CASE("every value that can be left out has a default, or says what is done without it") {
    for (const FieldDescriptor* field : settable_fields()) {
        const bool is_table = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
        if (!field->has_optional_keyword() || is_table) {
            continue;
        }
        INFO(field->full_name() << " in " << field->file()->name()
                                << " needs a default in its rule, or \"Default: ...\" or \"Not "
                                   "given: ...\" in its comment");
        const std::string said = comments().of(*field);
        CHECK((!config::rule_of(*field).default_().empty() || contains(said, "Default: ") ||
               contains(said, "Not given: ")));
    }
}

TEST_CASE("a comment becomes prose, a line per paragraph") {
    // The numbers of syntax, messages and fields in descriptor.proto.
    Proto proto;
    proto.say({12}, " About the file,\n in two lines.\n");
    proto.add_message("First", {"above", "behind", "bare"});
    proto.say({4, 0}, " About it.\n\n And more:\n - one\n - two,\n   which goes on\n");
    proto.say({4, 0, 2, 0}, " Above\n   it.\n", " not this\n");
    proto.say({4, 0, 2, 1}, "", " Behind it.\n");
    proto.add_message("Second", {});
    const config::Comments said(proto.bytes());

    DescriptorPool pool; // of the same names, without comments, like the generated one
    google::protobuf::FileDescriptorSet set;
    REQUIRE(set.ParseFromString(proto.bytes()));
    set.mutable_file(0)->clear_source_code_info();
    REQUIRE(pool.BuildFile(set.file(0)) != nullptr);
    const Descriptor& first = *pool.FindMessageTypeByName("First");
    REQUIRE(said.of(first) == "About the file, in two lines.\nAbout it.\nAnd more:\n- one\n"
                              "- two, which goes on");
    REQUIRE(said.of(*first.field(0)) == "Above it.");
    REQUIRE(said.of(*first.field(1)) == "Behind it.");
    REQUIRE(said.of(*first.field(2)).empty());
    REQUIRE(said.of(*pool.FindMessageTypeByName("Second")).empty());
}

TEST_CASE("nothing is said about what is not in the .proto files") {
    const config::Comments said("");
    REQUIRE(said.of(*v1::RunSpec::descriptor()).empty());
    REQUIRE(said.of(*v1::RunSpec::descriptor()->field(0)).empty());
}

TEST_CASE("what is no set of .proto files is refused") {
    REQUIRE_THROWS_AS(config::Comments("\xff"), Error);
    const google::protobuf::LogSilencer silence;
    google::protobuf::FileDescriptorSet set;
    set.add_file()->set_name("a.proto");
    set.mutable_file(0)->add_dependency("missing.proto");
    REQUIRE_THROWS_AS(config::Comments(set.SerializeAsString()), Error);
}

TEST_CASE("topics follow the tables of the files, kinds among them") {
    const std::vector<std::string> some{
        "configuration", "rigs",   "acoustic", "echo", "toy",    "simulation", "faults",   "run",
        "data",          "scheme", "phyll",    "toy",  "layers", "encoding",   "training", "rigs"};
    std::size_t in_order = 0; // of `some`, among what there is
    for (const Topic& each : topics()) {
        in_order += in_order < some.size() && each.name == some[in_order] ? 1 : 0;
    }
    REQUIRE(in_order == some.size());
    REQUIRE(topic("configuration").head.empty());
    REQUIRE(topic("rigs").head == "[[rigs]]");
    REQUIRE(topic("faults").head == "[[rigs.simulation.faults]]");
    REQUIRE(topic("encoding", "a run file").head == "[layers.encoding]");
    REQUIRE(topic("toy").head == "[rigs.options]");
    REQUIRE(topic("toy").kind == "toy");
    REQUIRE(topic("phyll", "a run file").head == "[scheme.options]");
    REQUIRE(topic("simulation").kind.empty());
    REQUIRE(topic("echo").keys.empty());
    REQUIRE(topic("echo").about.empty());
    for (const Topic& each : topics()) {
        INFO(each.name);
        REQUIRE((each.name == "echo" || !each.about.empty()));
    }
}

TEST_CASE("a key has the terms of a file") {
    const Key noise = key(topic("simulation"), "noise");
    REQUIRE(noise.path == "rigs[].simulation.noise");
    REQUIRE(noise.type == "number");
    REQUIRE(noise.range == "0 to 10");
    REQUIRE(noise.unit.empty());
    REQUIRE(noise.default_value == "0");
    REQUIRE_FALSE(noise.required);
    REQUIRE(noise.about.starts_with("Gaussian noise"));

    const Topic& run = topic("run", "a run file");
    REQUIRE(key(run, "name").type == "text");
    REQUIRE(key(run, "data").type == "table");
    REQUIRE(key(run, "data").required);
    REQUIRE(key(run, "data").topics == std::vector<std::string>{"data"});
    REQUIRE(key(run, "layers").type == "list of tables");
    REQUIRE(key(run, "seed").type == "whole number");
    REQUIRE(key(topic("data", "a run file"), "ignore").type == "list of texts");
    REQUIRE(key(topic("layers", "a run file"), "skip").type == "true or false");
    REQUIRE(key(topic("simulation"), "drift_samples").unit == "samples");

    const Key schedule = key(topic("training", "a run file"), "schedule");
    REQUIRE(schedule.choices == std::vector<std::string>{"greedy", "simultaneous"});
    REQUIRE(schedule.default_value == "\"greedy\"");
}

TEST_CASE("kinds and their options are those that the resolver knows") {
    const std::vector<std::string> kinds{"acoustic", "echo", "toy"};
    REQUIRE(key(topic("rigs"), "kind").choices == kinds);
    REQUIRE(key(topic("rigs"), "options").topics == kinds);
    REQUIRE(key(topic("toy"), "kind").path == "rigs[].options.kind");
    REQUIRE(key(topic("scheme", "a run file"), "kind").default_value == "\"phyll\"");
}

TEST_CASE("tables inside a kind's options are among its keys") {
    const Topic& options = topic("acoustic");
    REQUIRE(key(options, "faults").type == "list of tables");
    REQUIRE(key(options, "faults").topics.empty());
    REQUIRE(key(options, "faults[].count").path == "rigs[].options.faults[].count");
    REQUIRE(key(options, "faults[].count").default_value == "1");
}

TEST_CASE("a topic is found by its name, in both files") {
    const std::vector<Topic> rigs = config::topics_about("rigs", topics());
    REQUIRE(rigs.size() == 2);
    REQUIRE(rigs[0].file == "the configuration");
    REQUIRE(rigs[1].file == "a run file");
    REQUIRE(rigs[1].keys.size() == topic("rigs", "a run file").keys.size());
    REQUIRE(config::topics_about("training", topics()).size() == 1);
}

TEST_CASE("a key is found by its name and by its path") {
    const std::string path = GENERATE(as<std::string>{}, "width", "layers.width", "layers[].width",
                                      "layers[1].width", "layers.1.width");
    const std::vector<Topic> found = config::topics_about(path, topics());
    REQUIRE(names_of(found) == std::vector<std::string>{"layers"});
    REQUIRE(found[0].keys.size() == 1);
    REQUIRE(found[0].keys[0].name == "width");
    REQUIRE(config::topics_about("noise", topics()).size() == 2); // the toy's options have it too
    REQUIRE(config::topics_about("rigs[0].simulation.faults[2].count", topics()).size() == 1);
}

TEST_CASE("what is neither topic nor key is answered with the nearest") {
    REQUIRE(refusal("acustic") ==
            "no topic and no key is called 'acustic'; did you mean 'acoustic'?");
    REQUIRE(refusal("epohcs") == "no topic and no key is called 'epohcs'; did you mean 'epochs'?");
    REQUIRE(refusal("colour").starts_with("no topic and no key is called 'colour'; topics are "
                                          "'configuration', 'rigs', "));
    REQUIRE(refusal("layers[0]").empty());
    REQUIRE_FALSE(refusal("").empty());
    REQUIRE_FALSE(refusal("0").empty());
    REQUIRE_FALSE(refusal("[]").empty());
}

namespace {

const Topic example{
    .name = "box",
    .file = "the configuration",
    .head = "[rigs.options]",
    .kind = "box",
    .about = "A box. It is `a | b` or *c*.\nSecond paragraph with a_name and [0, 1].",
    .keys = {{.name = "size",
              .path = "rigs[].options.size",
              .type = "number",
              .range = "0.1 to 2",
              .unit = "m",
              .choices = {},
              .default_value = "0.5",
              .required = false,
              .topics = {},
              .about = "How large it is, |x| < 2 and a good many more words than fit on one line "
                       "of a terminal.\n- first"},
             {.name = "walls",
              .path = "rigs[].options.walls",
              .type = "text",
              .range = "",
              .unit = "",
              .choices = {"hard", "soft"},
              .default_value = "",
              .required = true,
              .topics = {},
              .about = "What they are."},
             {.name = "lid",
              .path = "rigs[].options.lid",
              .type = "table",
              .range = "",
              .unit = "",
              .choices = {},
              .default_value = "",
              .required = false,
              .topics = {"lid", "box"},
              .about = "On top."}}};

const Topic nothing{
    .name = "box", .file = "a run file", .head = "", .kind = "", .about = "", .keys = {}};

} // namespace

TEST_CASE("the reference as a text") {
    REQUIRE(config::text_of(example) == R"(box: [rigs.options] of kind = "box" in the configuration

A box. It is `a | b` or *c*.

Second paragraph with a_name and [0, 1].

  size  number, 0.1 to 2 m; default 0.5
      How large it is, |x| < 2 and a good many more words than fit on one line of a
      terminal.
      - first
  walls  text: "hard", "soft"; required
      What they are.
  lid  table (topics lid, box)
      On top.
)");
    REQUIRE(config::text_of(nothing) ==
            "box: at the top of a run file\n\nThere is nothing to set.\n");
    REQUIRE(config::text_list({example, nothing}) == "In the configuration:\n  box  A box.\n\n"
                                                     "In a run file:\n  box\n");
}

TEST_CASE("a line of the text has at most 90 characters") {
    std::string text = config::text_list(topics());
    for (const Topic& each : topics()) {
        text += config::text_of(each);
    }
    std::size_t longest = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        INFO(text.substr(at, end - at));
        REQUIRE(end - at <= 90);
        longest = std::max(longest, end - at);
        at = end + 1;
    }
    REQUIRE(longest > 80);
}

TEST_CASE("characters are counted, not bytes, a long word gets a line of its own") {
    Topic topic = nothing;
    for (int i = 0; i < 15; ++i) {
        topic.about += "äöüßé ";
    }
    topic.about.append(100, 'x').append(" end");
    const std::string text = config::text_of(topic);
    REQUIRE(contains(text, "äöüßé äöüßé\n" + std::string(100, 'x') + "\nend\n"));
    REQUIRE(std::ranges::count(text, '\n') == 7);
}

TEST_CASE("the reference as Markdown") {
    REQUIRE(config::markdown_of(example) == R"(### box

`[rigs.options]` of `kind = "box"` in the configuration.

A box. It is `a \| b` or \*c\*.

Second paragraph with a_name and \[0, 1].

| key | value | default | |
|---|---|---|---|
| `size` | number, 0.1 to 2 m | `0.5` | How large it is, \|x\| \< 2 and a good many more words than fit on one line of a terminal.<br>- first |
| `walls` | text: "hard", "soft" | required | What they are. |
| `lid` | table: lid, box |  | On top. |
)");
    REQUIRE(config::markdown_of(nothing) ==
            "### box\n\nAt the top of a run file.\n\nThere is nothing to set.\n");
}

TEST_CASE("in the whole manual topics are linked, by the number of those of one name") {
    const std::string manual = config::markdown_manual({example, nothing});
    REQUIRE(contains(manual, "- In the configuration: [box](#box)\n- In a run file: "
                             "[box](#box-1)\n"));
    REQUIRE(contains(manual, "| `lid` | table: lid, [box](#box) |"));
    REQUIRE(contains(manual, "\n" + config::markdown_of(nothing)));
}
