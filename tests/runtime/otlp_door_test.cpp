// SPDX-License-Identifier: Apache-2.0
// The OTLP routes over a real socket: what an exporter sends, sees and sends again.
#include "runtime/http/routes.hpp"
#include "tests/runtime/guarded_door.hpp"
#include "tests/runtime/otlp_bytes.hpp"

using namespace holdfast;
using namespace otlp_bytes;

namespace {

const std::string protobuf = "application/x-protobuf";

std::string span_bytes(const std::string& more = {}) {
  return request(part(2, part(1, trace_id()) + part(2, span_id()) + part(5, "chat")
                             + fixed64(7, 1544712660000000000) + fixed64(8, 1544712661000000000)
                             + more));
}

std::string model_bytes() {
  return part(9, pair("gen_ai.request.model", part(1, "gpt-4o")))
         + part(9, pair("gen_ai.usage.input_tokens", integer(3, 12)));
}

const std::string log_json =
    R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"x"}}]}]}]})";
const std::string metric_json =
    R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":
       [{"asInt":"1"},{"asInt":"x"}]}}]}]}]})";

std::size_t stored_in(served_here& here, const std::string& stream) {
  return here.json_of(here.get("/v1/events?stream=" + stream)).find("events")->as<array>()->size();
}

} // namespace

BOOST_AUTO_TEST_SUITE(otlp_door)

BOOST_FIXTURE_TEST_CASE(what_is_sent_again_is_known_and_usage_is_learned, served_here) {
  for (int i = 0; i < 2; ++i) {
    const auto told = post("/v1/traces", span_bytes(model_bytes()), protobuf);
    BOOST_TEST(told.status == 200U);
    BOOST_TEST(told.headers.at("content-type") == protobuf);
    BOOST_TEST(told.body.empty());
    const auto logged = post("/v1/logs", log_json);
    BOOST_TEST(logged.headers.at("content-type") == "application/json");
    BOOST_TEST(logged.body == "{}");
  }
  BOOST_TEST(stored_in(*this, "otel.traces") == 1U);
  BOOST_TEST(stored_in(*this, "otel.logs") == 1U);
  BOOST_TEST(stored_in(*this, "llm.usage.otel") == 1U);
  const auto page = json_of(get("/v1/events?stream=otel.traces"));
  const auto& kept = page.find("events")->as<array>()->front();
  BOOST_TEST(kept.text_at("durability") == "process");
  BOOST_TEST(kept.find("body")->text_at("name") == "chat");
  const auto known = json_of(get("/v1/states/learning"));
  const auto* model = known.find("state")->find("models")->find("gpt-4o");
  BOOST_TEST_REQUIRE(model != nullptr, json::print(known));
}

BOOST_FIXTURE_TEST_CASE(a_bad_part_is_counted_and_a_bad_whole_is_refused, served_here) {
  const auto partial = json_of(post("/v1/metrics", metric_json));
  BOOST_TEST(partial.find("partialSuccess")->text_at("rejectedDataPoints") == "1");
  BOOST_TEST(partial.find("partialSuccess")->text_at("errorMessage").find("asInt")
             != std::string::npos);
  BOOST_TEST(stored_in(*this, "otel.metrics") == 1U);
  // Too large for one event: the journal says so, and the exporter hears it.
  std::string large;
  for (int i = 0; i < 40; ++i)
    large += part(9, pair("a" + std::to_string(i), part(1, std::string(60000, 'x'))));
  const auto refused = post("/v1/traces", span_bytes(large), protobuf);
  BOOST_TEST(refused.status == 200U);
  BOOST_TEST(refused.body.substr(2, 2) == "\x08\x01"); // rejected_spans = 1
  // The same span with other numbers: kept, but not counted a second time.
  post("/v1/traces", span_bytes(model_bytes()), protobuf);
  const auto warned =
      post("/v1/traces",
           span_bytes(model_bytes() + part(3, "s=1") + part(9, pair("error.type", part(1, "e")))),
           protobuf);
  BOOST_TEST(warned.body.find("counted before") != std::string::npos);
  BOOST_TEST(stored_in(*this, "otel.traces") == 2U);

  const auto broken = post("/v1/traces", "\xFF", protobuf);
  BOOST_TEST(broken.status == 400U);
  BOOST_TEST(broken.headers.at("content-type") == protobuf);
  BOOST_TEST(broken.body.substr(0, 2) == "\x08\x03"); // INVALID_ARGUMENT
  const auto text = post("/v1/logs", "{");
  BOOST_TEST(text.status == 400U);
  BOOST_TEST(json_of(text).integer_at("code") == 3);
  BOOST_TEST(post("/v1/logs", "x", "text/plain").status == 415U);
  BOOST_TEST(post("/v1/logs", "{}").status == 200U);
  BOOST_TEST(get("/v1/traces").status == 405U);
}

BOOST_AUTO_TEST_CASE(has_a_body_limit_of_its_own) {
  served_here small{[](options& chosen) {
    chosen.door.body_bytes_max = 1024;
    chosen.door.otlp_body_bytes_max = 4096;
  }};
  const auto name = [](std::size_t size) { return span_bytes(part(3, std::string(size, 'x'))); };
  BOOST_TEST(small.post("/v1/traces", name(3000), protobuf).status == 200U);
  BOOST_TEST(small.post("/v1/traces", name(5000), protobuf).status == 413U);
}

BOOST_AUTO_TEST_CASE(exporters_are_asked_to_come_again_while_paused) {
  served_here small{[](options& chosen) {
    chosen.pressure.pause_bytes = 100;
    chosen.pressure.resume_bytes = 50;
  }};
  small.post("/v1/events?stream=s", R"({"n":0})");
  small.post("/v1/consumers/slow/commit", R"({"position":1})");
  upstream::door_answer told;
  for (std::uint64_t i = 1; i < 10000 && told.status != 429; ++i)
    told = small.post("/v1/traces", span_bytes(fixed64(8, i)), protobuf);
  BOOST_TEST(told.status == 429U);
  BOOST_TEST(told.retry_after().has_value());
  BOOST_TEST(told.headers.at("content-type") == protobuf);
  BOOST_TEST(told.body.substr(0, 2) == "\x08\x0E"); // UNAVAILABLE
}

// An exporter read a refusal of the door's own (401, 403, 413, 415, 400) as a broken answer: it was
// JSON of ours whatever had been sent.
BOOST_FIXTURE_TEST_CASE(the_door_refuses_in_the_words_of_the_sender, guarded_door) {
  struct row {
    std::string token;
    std::string fields;
    std::string body;
    unsigned status;
    int code;
  };
  const std::string gzip = "Content-Encoding: gzip\r\n";
  for (const auto& [token, fields, body, expected, code] :
       {row{"", "", "x", 401, 16}, row{std::string(32, 'x'), "", "x", 401, 16},
        row{reading, "", "x", 403, 7},
        row{operating, "Origin: https://evil.example\r\n", "x", 403, 7},
        row{operating, "Content-Encoding: br\r\n", "x", 415, 3},
        row{operating, gzip, "no gzip", 400, 3}, row{operating, "", "\xff", 400, 3},
        row{operating, "Content-Length: 99000000\r\n", "", 413, 3},
        row{operating, "Transfer-Encoding: chunked\r\nX: y\r\n", "", 400, 3}})
    for (const std::string signal : {"/v1/traces", "/v1/logs", "/v1/metrics"})
      for (const std::string type : {"application/x-protobuf", "application/json"})
        BOOST_TEST_CONTEXT(signal << " " << type << " " << fields << expected) {
          const talker one{address};
          const auto size =
              fields.find("-Length") != fields.npos || fields.find("chunked") != fields.npos
                  ? std::string{}
                  : "Content-Length: " + std::to_string(body.size()) + "\r\n";
          one.say("POST " + signal + " HTTP/1.1\r\nHost: " + address + "\r\nConnection: close\r\n"
                  + (token.empty() ? "" : "Authorization: Bearer " + token + "\r\n")
                  + "Content-Type: " + type + "\r\n" + fields + size + "\r\n"
                  + (fields.find("chunked") != fields.npos ? "zz\r\n\r\n\r\n" : body));
          const auto heard = one.hear();
          const auto end = heard.find("\r\n\r\n");
          BOOST_TEST_REQUIRE(end != heard.npos);
          BOOST_TEST(heard.starts_with("HTTP/1.1 " + std::to_string(expected)), heard);
          BOOST_TEST(heard.find("Content-Type: " + type + "\r\n") < end, heard);
          const auto told = heard.substr(end + 4);
          if (type == protobuf)
            BOOST_TEST(told.substr(0, 3) == std::string("\x08") + static_cast<char>(code) + "\x12");
          else
            BOOST_TEST(json::parse(told)->integer_at("code") == code, told);
        }
  // Who sends what is not taken is answered in JSON; other routes have their own words.
  const auto told = post("/v1/traces", "x", "text/plain");
  BOOST_TEST(told.status == 415U);
  BOOST_TEST(json_of(told).integer_at("code") == 3);
  BOOST_TEST(code_of(json_of(post("/v1/events", "x", "text/plain"))) == "invalid");
}

// A full disk was told as a mistake of the sender: 507 had no code of its own.
BOOST_AUTO_TEST_CASE(every_fault_has_its_status_code) {
  struct row {
    fault_code what;
    unsigned status;
    int code;
  };
  for (const auto& [what, status, code] :
       {row{fault_code::invalid, 400, 3}, row{fault_code::denied, 403, 7},
        row{fault_code::busy, 429, 14}, row{fault_code::no_space, 507, 8},
        row{fault_code::timed_out, 504, 4}, row{fault_code::corrupt, 500, 13},
        row{fault_code::undone, 500, 13}, row{fault_code::failed, 503, 14},
        row{fault_code::unreachable, 503, 14}})
    BOOST_TEST_CONTEXT(to_string(what)) {
      const auto plain = http::refusal({what, "why", "what to do"});
      const auto in_json = http::as_status("application/json", plain);
      BOOST_TEST(in_json.status == status);
      BOOST_TEST(json::parse(in_json.body)->integer_at("code") == code);
      BOOST_TEST(json::parse(in_json.body)->text_at("message") == "why; what to do");
      BOOST_TEST((in_json.headers == plain.headers));
      const auto in_bytes = http::as_status(protobuf, plain);
      BOOST_TEST(in_bytes.media_type == protobuf);
      BOOST_TEST(in_bytes.body.substr(0, 3)
                 == std::string("\x08") + static_cast<char>(code) + "\x12");
    }
  // What is no refusal of ours stays as it is.
  BOOST_TEST(http::as_status(protobuf, http::ok(object{})).media_type == "application/json");
}

BOOST_FIXTURE_TEST_CASE(an_item_says_its_own_trace_or_the_requests, served_here) {
  const upstream::door_headers with{
      {"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}};
  const std::string asked = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7";
  const std::string ids = R"("traceId":"5B8EFFF798038103D269B633813FC60C","spanId":)";
  post("/v1/traces", span_bytes(model_bytes()), protobuf, with);
  post("/v1/logs", R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"a"}},
       {)" + ids + R"("EEE19B7EC3C1B174","body":{"stringValue":"b"}},
       {)" + ids + R"("","body":{"stringValue":"c"}}]}]}]})",
       "application/json", with);
  post("/v1/logs", log_json);
  post("/v1/metrics", metric_json, "application/json", with);
  std::map<std::string, std::vector<std::string>> traces;
  const auto page = json_of(get("/v1/events"));
  for (const auto& one : *page.find("events")->as<array>())
    traces[one.text_at("stream")].push_back(one.text_at("trace"));
  using texts = std::vector<std::string>;
  const std::string own = "5b8efff798038103d269b633813fc60c-eee19b7ec3c1b174";
  BOOST_TEST((traces["otel.traces"] == texts{own}), traces["otel.traces"].at(0));
  BOOST_TEST((traces["llm.usage.otel"] == texts{own}));
  // The third names a trace that is not the request's, and no span of it.
  BOOST_TEST(traces["otel.logs"] == (texts{asked, own, "", ""}), boost::test_tools::per_element());
  BOOST_TEST((traces["otel.metrics"] == texts{asked}));
}

BOOST_AUTO_TEST_SUITE_END()
