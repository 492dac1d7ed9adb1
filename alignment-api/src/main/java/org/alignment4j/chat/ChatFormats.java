package org.alignment4j.chat;

import java.util.List;
import java.util.function.BiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alignment4j.chat.InstructionFormat.SystemPlace;
import org.alignment4j.chat.TurnFormat.SystemRule;
import org.jspecify.annotations.Nullable;

/**
 * The chat templates this library knows, recognised by the expressions that write their text.
 *
 * <p>A template is taken for a known one only if all of the expressions that write messages are
 * there in canonical spelling ({@link TemplateText}); a template that differs in one of them is
 * unknown, and run as it is ({@link TemplateFormat}).
 */
final class ChatFormats {
  private static final String ROLE = "message['role']";
  private static final String CONTENT = "message['content']";
  private static final String IF_GENERATION = "{%ifadd_generation_prompt%}";

  /** The literal that Qwen2.5, SmolLM2 and others write where the prompt has no system message. */
  private static final Pattern STANDARD_SYSTEM =
      Pattern.compile("'<\\|im_start\\|>system\\\\n((?:[^'\\\\]|\\\\.)+?)<\\|im_end\\|>\\\\n'");

  private static final List<String> CHATML_MARKERS = List.of("<|im_start|>", "<|im_end|>");

  /** One family: makes the format if the canonical template is the family's, else null. */
  private interface Family {
    @Nullable ChatFormat match(String template, String bos, String eos);
  }

  private static final List<Family> FAMILIES =
      List.of(
          ChatFormats::qwen3,
          ChatFormats::chatMl,
          ChatFormats::llama3,
          ChatFormats::gemma,
          ChatFormats::phi3,
          ChatFormats::zephyr,
          ChatFormats::llama2,
          ChatFormats::mistral);

  private ChatFormats() {}

  /**
   * The format of a template, or null if the template is none of the known ones.
   *
   * @param template Jinja source
   * @param bos the text of the beginning-of-sequence token, or empty
   * @param eos the text of the end-of-sequence token, or empty
   */
  static @Nullable ChatFormat recognise(String template, String bos, String eos) {
    String canonical = TemplateText.canonical(template);
    for (Family family : FAMILIES) {
      ChatFormat format = family.match(canonical, bos, eos);
      if (format != null) {
        return format;
      }
    }
    return null;
  }

  private static boolean has(String template, String... expressions) {
    for (String expression : expressions) {
      if (!template.contains(expression)) {
        return false;
      }
    }
    return true;
  }

  private static @Nullable ChatFormat qwen3(String template, String bos, String eos) {
    return has(
            template,
            "'<|im_start|>'+" + ROLE + "+'\\n'+content+'<|im_end|>\\n'",
            "'<|im_start|>'+"
                + ROLE
                + "+'\\n<think>\\n'+reasoning_content.strip('\\n')+'\\n</think>\\n\\n'"
                + "+content.lstrip('\\n')",
            "{%ifloop.index0>ns.last_query_index%}",
            "{%ifloop.lastor(notloop.lastandreasoning_content)%}",
            "'<|im_start|>assistant\\n'")
        ? new Qwen3Format()
        : null;
  }

  private static @Nullable ChatFormat chatMl(String template, String bos, String eos) {
    String turn = "'<|im_start|>'+" + ROLE + "+'\\n'+" + CONTENT + "+'<|im_end|>\\n'";
    // Qwen3's instruct-only models write an answer and its end apart, tool calls between them.
    boolean whole = has(template, turn);
    boolean apart =
        has(
            template,
            "{%setcontent=" + CONTENT + "%}",
            "{{'<|im_start|>'+" + ROLE + "+'\\n'+content+'<|im_end|>\\n'}}",
            "{{'<|im_start|>'+" + ROLE + "+'\\n'+content}}",
            "{{'<|im_end|>\\n'}}");
    if (!(whole || apart)
        || !has(template, IF_GENERATION, "'<|im_start|>assistant\\n'")
        || has(template, "think>")
        || has(template, "trim")
        || has(template, "strip(")) {
      return null;
    }
    Matcher standard = STANDARD_SYSTEM.matcher(template);
    String system = standard.find() ? unescape(standard.group(1)) : null;
    return new TurnFormat(
        "ChatML",
        has(template, "{{bos_token}}") ? bos : "",
        "<|im_start|>%s\n",
        "assistant",
        "<|im_end|>\n",
        false,
        "<|im_start|>assistant\n",
        false,
        "",
        new SystemRule(true, false, false, "", system),
        "<|im_end|>",
        CHATML_MARKERS);
  }

  private static @Nullable ChatFormat llama3(String template, String bos, String eos) {
    String header = "'<|start_header_id|>'+" + ROLE + "+'<|end_header_id|>\\n\\n'+" + CONTENT;
    if (!has(
        template,
        header + "|trim+'<|eot_id|>'",
        "'<|start_header_id|>assistant<|end_header_id|>\\n\\n'",
        "bos_token")) {
      return null;
    }
    boolean dated = has(template, "Cutting Knowledge Date");
    if (has(template, "{%ifsystem_message%}")) {
      return null;
    }
    if (dated
        && !has(
            template,
            "'<|start_header_id|>system<|end_header_id|>\\n\\n'",
            "'Cutting Knowledge Date: December 2023\\n'",
            "'Today Date: '+date_string+'\\n\\n'",
            "{%setdate_string='26 Jul 2024'%}",
            "{{system_message}}")) {
      return null;
    }
    return new TurnFormat(
        dated ? "Llama 3.1" : "Llama 3",
        bos,
        "<|start_header_id|>%s<|end_header_id|>\n\n",
        "assistant",
        "<|eot_id|>",
        true,
        "<|start_header_id|>assistant<|end_header_id|>\n\n",
        !has(template, IF_GENERATION),
        "",
        dated
            ? new SystemRule(
                true,
                false,
                false,
                "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n",
                "")
            : SystemRule.FREE,
        "<|eot_id|>",
        List.of("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"));
  }

  private static @Nullable ChatFormat gemma(String template, String bos, String eos) {
    if (!has(
        template,
        "'<start_of_turn>'+role+'\\n'+" + CONTENT + "|trim+'<end_of_turn>\\n'",
        "{%setrole='model'%}",
        "raise_exception('System role not supported')",
        IF_GENERATION + "{{'<start_of_turn>model\\n'}}")) {
      return null;
    }
    return new TurnFormat(
        "Gemma",
        has(template, "{{bos_token}}") ? bos : "",
        "<start_of_turn>%s\n",
        "model",
        "<end_of_turn>\n",
        true,
        "<start_of_turn>model\n",
        false,
        "",
        SystemRule.NONE,
        "<end_of_turn>",
        List.of("<start_of_turn>", "<end_of_turn>"));
  }

  private static @Nullable ChatFormat phi3(String template, String bos, String eos) {
    if (!has(
        template,
        "{{'<|system|>\\n'+" + CONTENT + "+'<|end|>\\n'}}",
        "{{'<|user|>\\n'+" + CONTENT + "+'<|end|>\\n'}}",
        "{{'<|assistant|>\\n'+" + CONTENT + "+'<|end|>\\n'}}",
        IF_GENERATION + "{{'<|assistant|>\\n'}}{%else%}{{eos_token}}{%endif%}")) {
      return null;
    }
    return new TurnFormat(
        "Phi-3",
        has(template, "{{bos_token}}") ? bos : "",
        "<|%s|>\n",
        "assistant",
        "<|end|>\n",
        false,
        "<|assistant|>\n",
        false,
        eos,
        new SystemRule(true, false, has(template, "=='system'and" + CONTENT + "%}"), "", null),
        "<|end|>",
        List.of("<|system|>", "<|user|>", "<|assistant|>", "<|end|>"));
  }

  private static @Nullable ChatFormat zephyr(String template, String bos, String eos) {
    if (!has(
        template,
        "{{'<|system|>\\n'+" + CONTENT + "+eos_token}}\\n",
        "{{'<|user|>\\n'+" + CONTENT + "+eos_token}}\\n",
        "{{'<|assistant|>\\n'+" + CONTENT + "+eos_token}}\\n",
        "{{'<|assistant|>'}}\\n")) {
      return null;
    }
    return new TurnFormat(
        "Zephyr",
        "",
        "<|%s|>\n",
        "assistant",
        eos + "\n",
        false,
        "<|assistant|>\n",
        false,
        "",
        SystemRule.FREE,
        eos,
        List.of("<|system|>", "<|user|>", "<|assistant|>"));
  }

  private static @Nullable ChatFormat llama2(String template, String bos, String eos) {
    if (!has(
        template,
        "'<<SYS>>\\n'+system_message+'\\n<</SYS>>\\n\\n'+" + CONTENT,
        "{{bos_token+'[INST] '+content.strip()+' [/INST]'}}",
        "{{' '+content.strip()+' '+eos_token}}",
        "{%setsystem_message=false%}")) {
      return null;
    }
    return new InstructionFormat(
        "Llama 2",
        "",
        bos + "[INST] ",
        " [/INST]",
        " ",
        " " + eos,
        true,
        true,
        SystemPlace.TAGGED_IN_FIRST,
        eos);
  }

  private static @Nullable ChatFormat mistral(String template, String bos, String eos) {
    if (!has(template, "{{bos_token}}") || has(template, "SYSTEM_PROMPT")) {
      return null;
    }
    BiFunction<String, String, String> user =
        (open, close) -> "'" + open + "'+" + CONTENT + "+'" + close + "'";
    for (String open : List.of("[INST] ", " [INST] ", "[INST]")) {
      for (String close : List.of(" [/INST]", "[/INST]")) {
        if (!has(template, "{{" + user.apply(open, close) + "}}")) {
          continue;
        }
        SystemPlace place = mistralSystem(template, "'" + open + "'", "'" + close + "'");
        Answer answer = mistralAnswer(template);
        if (place == null || answer == null) {
          return null;
        }
        return new InstructionFormat(
            "Mistral",
            bos,
            open,
            close,
            answer.open,
            eos + answer.afterEos,
            false,
            answer.trim,
            place,
            eos);
      }
    }
    return null;
  }

  private static @Nullable SystemPlace mistralSystem(String template, String open, String close) {
    if (has(template, "raise_exception('Only user and assistant roles are supported!')")
        && !has(template, "system")) {
      return SystemPlace.REFUSED;
    }
    String merged = open + "+system_message+'\\n\\n'+" + CONTENT + "+" + close;
    if (!has(template, "{{" + merged + "}}")) {
      return null;
    }
    if (has(template, "{%ifloop.lastandsystem_messageisdefined%}")) {
      return SystemPlace.IN_LAST;
    }
    return has(template, "{%ifloop.firstandsystem_messageisdefined%}")
        ? SystemPlace.IN_FIRST
        : null;
  }

  private record Answer(String open, boolean trim, String afterEos) {}

  private static @Nullable Answer mistralAnswer(String template) {
    for (String open : List.of("", " ")) {
      for (boolean trim : List.of(false, true)) {
        for (String after : List.of("", " ")) {
          String expression =
              (open.isEmpty() ? "" : "'" + open + "'+")
                  + CONTENT
                  + (trim ? "|trim" : "")
                  + "+eos_token"
                  + (after.isEmpty() ? "" : "+'" + after + "'");
          if (has(template, "{{" + expression + "}}")) {
            return new Answer(open, trim, after);
          }
        }
      }
    }
    return null;
  }

  private static String unescape(String literal) {
    return literal
        .replace("\\n", "\n")
        .replace("\\'", "'")
        .replace("\\\"", "\"")
        .replace("\\\\", "\\");
  }
}
