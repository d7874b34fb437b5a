/* What the shim itself has to tell, in the form in which the edge tells it. docs/c-shim.md has the same table; a test compares them.
 *
 * A fault says -2 only where it is certain that no byte of the call reached the edge.
 */
#include "shim.h"

#include <stdio.h>
#include <string.h>

const fault_row FAULTS[] = {
    {"edge_unreachable", -2, "line", 1,
     {"The hospital's gateway cannot be reached. Nothing was sent.", "درگاه بیمارستان در دسترس نیست. چیزی فرستاده نشد.",
      "无法连接医院网关，未发送任何内容。"},
     "No connection to the address within connect_ms: is the edge running, is the address right, does a firewall stand between?"},
    {"edge_silent", -1, "line", 1,
     {"The gateway did not answer. Ask again with the same number.", "درگاه پاسخ نداد. با همان شماره دوباره بپرسید.",
      "网关没有应答，请用同一流水号查询。"},
     "The call was sent and no whole answer came in time: ask with QUERY, or send it again with the same msgid."},
    {"answer_invalid", -1, "edge", 0,
     {"The gateway's answer cannot be read. Please call the technician.", "پاسخ درگاه خوانا نیست. با کارشناس فنی تماس بگیرید.",
      "无法识别网关的应答，请联系技术人员。"},
     "What answered at the address is no edge, a proxy stands between, or the answer is too large. Ask with QUERY."},
    {"text_invalid", -2, "his", 0,
     {"The program sent text that cannot be read. Please call the technician.", "متن ارسالی برنامه خوانا نیست. با کارشناس فنی تماس بگیرید.",
      "程序发送的文本无法识别，请联系技术人员。"},
     "The text is not in the character set that OPTION charset names."},
    {"call_too_large", -2, "his", 0,
     {"The call is too large. Please call the technician.", "درخواست بیش از اندازه بزرگ است. با کارشناس فنی تماس بگیرید.",
      "请求过大，请联系技术人员。"},
     "The JSON is larger than 8 MB, or there was no memory for it."},
    {"address_not_secure", -2, "his", 0,
     {"The gateway's address is not allowed. Please call the technician.", "نشانی درگاه مجاز نیست. با کارشناس فنی تماس بگیرید.",
      "网关地址不被允许，请联系技术人员。"},
     "Plain http goes to this computer alone. Another one is reached by https, with OPTION certificate."},
    {"certificate_wrong", -2, "his", 0,
     {"This is not the hospital's gateway. Please call the technician.", "این درگاه بیمارستان نیست. با کارشناس فنی تماس بگیرید.",
      "对方不是本院网关，请联系技术人员。"},
     "The certificate shown is not the one of OPTION certificate, is not for this host, has ended, or the file cannot be read. Nothing was sent."},
    {"tls_missing", -2, "his", 0,
     {"This computer cannot make a secure connection. Please call the technician.", "این رایانه نمی‌تواند اتصال امن برقرار کند. با کارشناس فنی تماس بگیرید.",
      "本机无法建立安全连接，请联系技术人员。"},
     "On Linux: libssl (OpenSSL 1.1 or 3) is not installed. On Windows: TLS 1.2 is switched off."},
    {"out_of_memory", -2, "his", 1,
     {"This computer has no memory left. Nothing was sent.", "حافظهٔ این رایانه پر است. چیزی فرستاده نشد.", "本机内存不足，未发送任何内容。"},
     "No memory for a connection."},
    {"too_many_streams", -2, "his", 0,
     {"Too many programs wait for news. Please call the technician.", "برنامه‌های زیادی در انتظار خبرند. با کارشناس فنی تماس بگیرید.",
      "等待消息的程序过多，请联系技术人员。"},
     "EVENT is called for more desks at once than one process may watch (16)."},
};
const size_t FAULTS_COUNT = sizeof FAULTS / sizeof *FAULTS;

int fault_tell(const char *code, const char *detail, const char *language, text *utf8) {
    const fault_row *row = FAULTS;
    for (size_t i = 0; i < FAULTS_COUNT; i++)
        if (!strcmp(FAULTS[i].code, code)) row = &FAULTS[i];
    int spoken = !strcmp(language, "fa") ? 1 : !strcmp(language, "zh") ? 2 : 0;
    char start[64];
    snprintf(start, sizeof start, "{\"return_code\":%d,\"outcome\":", row->return_code);
    text_say(utf8, start);
    text_say(utf8, row->return_code == PISHKHAN_UNKNOWN ? "\"in_doubt\"" : "\"refused\"");
    text_say(utf8, ",\"msgid\":\"\",\"number\":\"\",\"answer\":null,\"confirmation\":\"none\",\"ticket\":\"\",\"error\":{\"code\":");
    json_say(utf8, row->code);
    text_say(utf8, ",\"desk\":");
    json_say(utf8, row->desk[spoken]);
    text_say(utf8, ",\"technician\":");
    json_say(utf8, row->technician);
    text_say(utf8, ",\"detail\":");
    json_say(utf8, detail);
    text_say(utf8, ",\"fault\":");
    json_say(utf8, row->fault);
    text_say(utf8, row->again ? ",\"again\":true}}" : ",\"again\":false}}");
    return row->return_code;
}
