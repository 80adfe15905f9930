#include "compat/xml_rpc_read.hpp"
#include "compat/xml_rpc_write.hpp"
#include "compat/xml_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>

namespace foster::compat {
namespace {

using ::testing::HasSubstr;

std::string call_with(std::string_view value) {
  return "<?xml version='1.0'?>\n<methodCall><methodName>m</methodName><params><param>" + std::string(value) +
         "</param></params></methodCall>";
}

Value only_parameter(std::string_view value) {
  const auto call = read_call(call_with(value));
  if (!call) ADD_FAILURE() << value << ": " << call.error().detail;
  return call && call->parameters.size() == 1 ? call->parameters.front() : Value("?");
}

std::string problem_of(std::string document) {
  const auto call = read_call(std::move(document));
  if (call) return "none";
  EXPECT_EQ(call.error().code, EBADMSG);
  return call.error().detail;
}

TEST(XmlRpcRead, EveryTypeOfValue) {
  EXPECT_EQ(only_parameter("<value><string>a &lt; b</string></value>"), Value("a < b"));
  EXPECT_EQ(only_parameter("<value>bare</value>"), Value("bare"));
  EXPECT_EQ(only_parameter("<value/>"), Value(""));
  EXPECT_EQ(only_parameter("<value> <int> -7 </int> </value>"), Value(-7));
  EXPECT_EQ(only_parameter("<value><i4>+8</i4></value>"), Value(8));
  EXPECT_EQ(only_parameter("<value><int>8589934592</int></value>"), Value(std::int64_t{1} << 33));
  EXPECT_EQ(only_parameter("<value><boolean>1</boolean></value>"), Value(true));
  EXPECT_EQ(only_parameter("<value><double>1.5</double></value>"), Value(1.5));
  EXPECT_EQ(only_parameter("<value><dateTime.iso8601>20260102T03:04:05</dateTime.iso8601></value>"),
            Value(DateTime{"20260102T03:04:05"}));
  EXPECT_EQ(only_parameter("<value><base64>\naGVs\nbG8=\n</base64></value>"), Value("hello"));
  EXPECT_EQ(only_parameter("<value><array><data><value>a</value> <value><int>1</int></value></data></array></value>"),
            Value(Array{Value("a"), Value(1)}));
  EXPECT_EQ(only_parameter("<value><struct><member><name>n</name><value>v</value></member></struct></value>"),
            Value(Struct{{"n", Value("v")}}));
}

TEST(XmlRpcRead, ParametersMayBeLeftOut) {
  EXPECT_EQ(read_call("<methodCall><methodName>a.b</methodName></methodCall>"), (Call{"a.b", {}}));
  EXPECT_EQ(read_call("<methodCall><methodName>a.b</methodName><params/></methodCall>"), (Call{"a.b", {}}));
}

TEST(XmlRpcRead, AFaultIsNotAValue) {
  const auto read = read_response(
      "<methodResponse><fault><value><struct><member><name>faultCode</name><value><int>10</int></value></member>"
      "<member><name>faultString</name><value><string>BAD_NAME: x</string></value></member></struct></value></fault>"
      "</methodResponse>");
  EXPECT_EQ(read, Response(Fault{10, "BAD_NAME: x"}));
  EXPECT_FALSE(read_response("<methodResponse><fault><value>no struct</value></fault><params/></methodResponse>"));
}

TEST(XmlRpcRead, OtherEncodingsAreDecoded) {
  const auto call =
      read_call("<?xml version='1.0' encoding='iso-8859-1'?><methodCall><methodName>\xe9</methodName></methodCall>");
  ASSERT_TRUE(call);
  EXPECT_EQ(call->method, "\xc3\xa9");
}

TEST(XmlRpcRead, WhatIsNoCallIsRefusedWithItsPlace) {
  EXPECT_THAT(problem_of(""), HasSubstr("byte 0"));
  EXPECT_THAT(problem_of("\n<methodCall"), HasSubstr("byte 11"));
  EXPECT_THAT(problem_of("<methodCall><methodName>a</methodNam></methodCall>"), HasSubstr("byte "));
  EXPECT_THAT(problem_of("<methodCall/><methodCall/>"), HasSubstr("two documents"));
  EXPECT_THAT(problem_of("<methodResponse/>"), HasSubstr("<methodResponse> has no place here"));
  EXPECT_THAT(problem_of("<methodCall><params/></methodCall>"), HasSubstr("no method"));
  EXPECT_THAT(problem_of("<methodCall><value/></methodCall>"), HasSubstr("<value> has no place here"));
  EXPECT_THAT(problem_of(call_with("<value><nil/></value>")), HasSubstr("<nil>"));
  EXPECT_THAT(problem_of(call_with("<value><int>1</int><int>2</int></value>")), HasSubstr("two values"));
  EXPECT_THAT(problem_of(call_with("<value><int>1x</int></value>")), HasSubstr("\"1x\""));
  EXPECT_THAT(problem_of(call_with("<value><boolean>yes</boolean></value>")), HasSubstr("\"yes\""));
  EXPECT_THAT(problem_of(call_with("<value><double>nan</double></value>")), HasSubstr("\"nan\""));
  EXPECT_THAT(problem_of(call_with("<value><base64>a</base64></value>")), HasSubstr("\"a\""));
}

TEST(XmlRpcRead, EntitiesAreNeverExpanded) {
  EXPECT_THAT(problem_of("<!DOCTYPE m [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]>"
                         "<methodCall><methodName>&b;</methodName></methodCall>"),
              HasSubstr("document type"));
  EXPECT_THAT(problem_of("<!DOCTYPE m SYSTEM 'file:///etc/passwd'><methodCall><methodName>a</methodName></methodCall>"),
              HasSubstr("document type"));
}

TEST(XmlRpcRead, CharactersThatAreNoneAreRefusedInACallAndReplacedInAResponse) {
  EXPECT_THAT(problem_of(call_with("<value>a\x01</value>")), HasSubstr("none of XML"));
  EXPECT_THAT(problem_of(call_with("<value>a\xff</value>")), HasSubstr("none of XML"));
  EXPECT_THAT(problem_of(call_with(std::string_view("<value>\0</value>", 16))), HasSubstr("NUL"));
  EXPECT_THAT(problem_of(call_with("<value>&#039;&#00;</value>")), HasSubstr("NUL"));
  EXPECT_THAT(problem_of(call_with("<value>&#x0;</value>")), HasSubstr("NUL"));
  EXPECT_EQ(only_parameter("<value>&#039;&#x0041;&#10;</value>"), Value("'A\n"));
  const auto response = read_response(
      "<methodResponse><params><param><value>a\x1b[1m\xff\xc3\xa9</value></param></params></methodResponse>");
  EXPECT_EQ(response, Response(Value("a\xef\xbf\xbd[1m\xef\xbf\xbd\xc3\xa9")));
}

TEST(XmlRpcRead, BlanksOfATextAreKept) {
  EXPECT_EQ(only_parameter("<value><string> </string></value>"), Value(" "));
  EXPECT_EQ(only_parameter("<value> \n</value>"), Value(" \n"));
  EXPECT_EQ(only_parameter("<value><string> <![CDATA[ a]]>\n<!-- --> </string></value>"), Value("  a\n "));
}

TEST(XmlRpcRead, ACallTakesABoundedAmountOfMemory) {
  std::string many;
  for (int i = 0; i < 400'000; ++i) many += "<a/>";
  const auto call = read_call(call_with(many));
  ASSERT_FALSE(call);
  EXPECT_EQ(call.error().code, E2BIG);
  EXPECT_TRUE(read_call(call_with("<value>" + std::string(15 << 20, 'x') + "</value>")));
}

TEST(XmlRpcRead, DepthIsBounded) {
  const auto nested = [](int depth) {
    std::string document = "<value>deep</value>";
    for (int i = 0; i < depth; ++i) document = "<value><array><data>" + document + "</data></array></value>";
    return call_with(document);
  };
  EXPECT_TRUE(read_call(nested(60)));
  EXPECT_THAT(problem_of(nested(5000)), HasSubstr("nested too deeply"));
}

TEST(XmlRpcRead, AResponseIsExactlyOneValue) {
  EXPECT_FALSE(read_response("<methodResponse><params/></methodResponse>"));
  EXPECT_FALSE(read_response(
      "<methodResponse><params><param><value/></param><param><value/></param></params></methodResponse>"));
  EXPECT_FALSE(read_response("<methodResponse><fault><value>no struct</value></fault></methodResponse>"));
}

TEST(XmlRpcRead, CommentsAndBlanksAroundItMeanNothing) {
  for (const std::string_view value :
       {"<value/>", "<value></value>", "<value> a\n\tb </value>", "<value>&lt;&amp;&gt;&quot;&apos;</value>",
        "<value> <string> in </string> out </value>", "<value><string/></value>", "<value><int>7</int></value>",
        "<value>\n<array>\n<data>\n<value>a</value>\n<value/></data></array></value>",
        "<value><struct><member><name>n&amp;m</name><value>v</value></member></struct></value>"}) {
    const auto plain = read_call(call_with(value));
    ASSERT_TRUE(plain) << value;
    EXPECT_EQ(plain, read_call(call_with(value) + "<!-- -->")) << value;
    EXPECT_EQ(plain, read_call("\n" + call_with(value).substr(22) + "\n")) << value;
  }
}

TEST(XmlRpcRead, OtherDocumentsAreReadToo) {
  EXPECT_EQ(only_parameter("<value kind='text'>a</value >"), Value("a"));
  EXPECT_EQ(only_parameter("<value><![CDATA[<a>]]><!-- -->&#65;</value>"), Value("<a>A"));
  EXPECT_EQ(only_parameter("<value>\xc3\xa9\r\n></value>"), Value("\xc3\xa9\n>"));
  EXPECT_EQ(
      read_call("<?xml version='1.0' encoding='ISO-8859-1'?><methodCall><methodName>\xe9</methodName></methodCall>"),
      (Call{"\xc3\xa9", {}}));
}

TEST(XmlRpcWrite, ACallLooksAsTheOriginalClientsDoes) {
  EXPECT_EQ(write_call({"supervisor.stopProcess", {Value("web:w0")}}),
            "<?xml version='1.0'?>\n<methodCall>\n<methodName>supervisor.stopProcess</methodName>\n<params>\n<param>\n"
            "<value><string>web:w0</string></value>\n</param>\n</params>\n</methodCall>\n");
}

TEST(XmlRpcWrite, WhatIsWrittenIsReadBack) {
  const Call call{"a.b",
                  {Value("<&>\r\n\t\"é"), Value(-5), Value(std::int64_t{1} << 40), Value(true), Value(0.1),
                   Value(Array{Value(Array{}), Value("")}), Value(Struct{{"k", Value(Struct{})}, {"", Value(1)}})}};
  EXPECT_EQ(read_call(write_call(call)), call);
  const Fault fault{92, "CANT_REREAD: <x>"};
  EXPECT_EQ(read_response(write_response(fault)), Response(fault));
  EXPECT_EQ(read_response(write_response(Value("ok"))), Response(Value("ok")));
}

TEST(XmlRpcWrite, AnAnswerLooksAsTheOriginalServersDoes) {
  EXPECT_EQ(write_response(Value(Array{Value("a<b"), Value(true), Value(-1)})),
            "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value><array><data>\n"
            "<value><string>a&lt;b</string></value>\n<value><boolean>1</boolean></value>\n"
            "<value><int>-1</int></value>\n</data></array></value>\n</param>\n</params>\n</methodResponse>\n");
  EXPECT_EQ(write_response(Fault{10, "BAD_NAME"}),
            "<?xml version='1.0'?>\n<methodResponse>\n<fault>\n<value><struct>\n<member>\n<name>faultCode</name>\n"
            "<value><int>10</int></value>\n</member>\n<member>\n<name>faultString</name>\n"
            "<value><string>BAD_NAME</string></value>\n</member>\n</struct></value>\n</fault>\n</methodResponse>\n");
}

TEST(XmlRpcWrite, AStructIsTheSameWhetherItIsAValueOrWrittenMemberByMember) {
  const std::string text = "a & b \r\x01 as long as a path";
  XmlValue written;
  {
    StructWriter members(written.xml());
    members.text("text", text);
    members.number("number", INT64_MIN);
    members.flag("flag", false);
    members.value("value", Array{Value(text), Value(0.5)});
  }
  const Value tree =
      Struct{{"text", text}, {"number", INT64_MIN}, {"flag", false}, {"value", Array{Value(text), Value(0.5)}}};
  EXPECT_EQ(written.text(), XmlValue(tree).text());
}

TEST(XmlRpcWrite, EveryByteIsFoundInEveryPlaceOfAText) {
  for (int byte = 0; byte < 256; ++byte) {
    for (std::size_t size = 1; size < 20; ++size) {
      for (std::size_t place = 0; place < size; ++place) {
        std::string text(size, 'x');
        text[place] = static_cast<char>(byte);
        std::string appended;
        append_escaped(appended, text);
        const EscapedText escaped(text);
        std::string copied(escaped.size(), '?');
        EXPECT_EQ(escaped.copy_to(copied.data()), copied.data() + copied.size());
        ASSERT_EQ(copied, appended) << byte << " at " << place << " of " << size;
      }
    }
  }
}

TEST(XmlRpcWrite, AnyBytesMakeAWellFormedDocument) {
  std::string every_byte;
  for (int i = 0; i < 256; ++i) every_byte += static_cast<char>(i);
  const auto read = read_response(write_response(Value(every_byte + "\xef\xbf\xbe")));
  ASSERT_TRUE(read) << read.error().detail;
  const std::string& text = *std::get<Value>(*read).string();
  EXPECT_THAT(text, HasSubstr("\xef\xbf\xbd\t\n\xef\xbf\xbd\xef\xbf\xbd\r"));
  EXPECT_TRUE(text.ends_with("\xef\xbf\xbd"));
}

}  // namespace
}  // namespace foster::compat
