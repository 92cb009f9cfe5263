package dev.kindling.driver.report;

import static j2html.TagCreator.b;
import static j2html.TagCreator.body;
import static j2html.TagCreator.div;
import static j2html.TagCreator.each;
import static j2html.TagCreator.figcaption;
import static j2html.TagCreator.figure;
import static j2html.TagCreator.h1;
import static j2html.TagCreator.h2;
import static j2html.TagCreator.head;
import static j2html.TagCreator.html;
import static j2html.TagCreator.main;
import static j2html.TagCreator.meta;
import static j2html.TagCreator.p;
import static j2html.TagCreator.rawHtml;
import static j2html.TagCreator.span;
import static j2html.TagCreator.style;
import static j2html.TagCreator.summary;
import static j2html.TagCreator.table;
import static j2html.TagCreator.tbody;
import static j2html.TagCreator.td;
import static j2html.TagCreator.th;
import static j2html.TagCreator.thead;
import static j2html.TagCreator.title;
import static j2html.TagCreator.tr;

import j2html.TagCreator;
import j2html.tags.ContainerTag;
import j2html.tags.DomContent;
import java.util.ArrayList;
import java.util.List;

/** Builder of an HTML page, section by section. All text is escaped. */
final class HtmlPage {
    /** The content security policy: no scripts, and nothing is loaded from elsewhere. */
    private static final String POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

    private static final String STYLE = """
            :root{color-scheme:light}
            body{margin:0;background:#fff;color:#1a1a1a;font:16px/1.5 system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
            main{max-width:1280px;margin:0 auto;padding:12px}
            h1{font-size:26px;line-height:1.25;margin:12px 0 4px;overflow-wrap:anywhere}
            h2{font-size:20px;margin:32px 0 8px;border-bottom:1px solid #ccc}
            p{max-width:75ch;margin:8px 0;overflow-wrap:anywhere}
            .figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,366px),1fr));gap:20px 24px}
            figure{margin:0;min-width:0;max-width:560px}
            figcaption{font-size:14px}
            figcaption b{display:block}
            svg text{font-family:inherit;fill:#333}
            figure>svg{display:block;width:100%;height:auto}
            .legend span{display:inline-block;margin-right:14px;overflow-wrap:anywhere}
            .legend svg{vertical-align:-2px;margin-right:5px}
            table{border-collapse:collapse;font-size:14px;margin:8px 0;max-width:100%}
            th,td{padding:2px 12px 2px 0;text-align:left;vertical-align:top;overflow-wrap:break-word}
            th{border-bottom:1px solid #999}
            td:last-child{overflow-wrap:anywhere}
            td{border-bottom:1px solid #e4e4e4}
            td:first-child{min-width:4ch}
            summary{cursor:pointer;font-size:14px;padding:4px 0;color:#0b4f79}
            .cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(104px,1fr));gap:10px;font-size:13px}
            .cards img{width:84px;height:84px;image-rendering:pixelated;border:1px solid #999;display:block}
            .right{color:#00543b}
            .wrong{color:#8f3f00}
            .bar{display:block;height:12px;background:#0072B2;min-width:1px}
            @media(max-width:600px){
            th,td{padding-right:7px}
            table{font-size:13px}
            .wide,.wide tbody,.wide tr,.wide td{display:block}
            .wide thead{display:none}
            .wide tr{padding:6px 0;border-bottom:1px solid #999}
            .wide td{border:0;padding:0}
            .wide td[data-label]::before{content:attr(data-label) ": ";color:#5a5a5a}
            }
            """;

    private final String name;
    private final List<DomContent> parts = new ArrayList<>();

    /** A page with a title and a subtitle. */
    HtmlPage(String name, String subtitle) {
        this.name = name;
        parts.add(h1(name));
        parts.add(p(subtitle));
    }

    /** Adds a section, unless it has no content. */
    void section(String heading, List<? extends DomContent> content) {
        if (!content.isEmpty()) {
            parts.add(TagCreator.section().with(h2(heading)).with(content));
        }
    }

    /** Renders the page. */
    String render() {
        return "<!DOCTYPE html>\n"
                + html(
                                head(
                                        meta().withCharset("utf-8"),
                                        meta().attr("http-equiv", "Content-Security-Policy")
                                                .withContent(POLICY),
                                        meta().withName("viewport").withContent("width=device-width, initial-scale=1"),
                                        title(name),
                                        style(rawHtml(STYLE))),
                                body(main(each(parts, part -> part))))
                        .withLang("en")
                        .render()
                + "\n";
    }

    /** A paragraph. */
    static DomContent paragraph(String text) {
        return p(text);
    }

    /** Charts in a grid; those without values are left out. */
    static List<DomContent> charts(List<Chart> charts) {
        List<DomContent> figures = charts.stream()
                .filter(chart -> !chart.isEmpty())
                .map(HtmlPage::chart)
                .toList();
        return figures.isEmpty() ? List.of() : List.of(figures(figures));
    }

    static DomContent figures(List<DomContent> figures) {
        return div().withClass("figures").with(figures);
    }

    static DomContent chart(Chart chart) {
        return chart(chart, chart.svg());
    }

    /** A chart with its rendered SVG. */
    static DomContent chart(Chart chart, DomContent picture) {
        ContainerTag<?> legend = div().withClass("legend");
        if (chart.lines().size() > 1) {
            chart.lines().forEach(series -> legend.with(span(Svg.swatch(series), span(series.name()))));
        }
        return captioned(chart.title(), picture, legend);
    }

    /** A figure with its title and further captions. */
    static DomContent captioned(String title, DomContent picture, DomContent... below) {
        return figure(figcaption(b(title)), picture, figcaption(below));
    }

    /** A table. */
    static DomContent rows(List<String> head, List<List<String>> rows) {
        return table(
                thead(tr(each(head, cell -> th(cell).attr("scope", "col")))),
                tbody(each(rows, row -> tr(each(row, cell -> td(cell))))));
    }

    /** A table of many columns, whose cells are stacked on narrow screens. */
    static DomContent wideRows(List<String> head, List<List<String>> rows) {
        ContainerTag<?> body = tbody();
        for (List<String> row : rows) {
            ContainerTag<?> line = tr();
            for (int i = 0; i < row.size(); i++) {
                ContainerTag<?> cell = td(row.get(i));
                line.with(head.get(i).isEmpty() ? cell : cell.attr("data-label", head.get(i)));
            }
            body.with(line);
        }
        return table(thead(tr(each(head, cell -> th(cell).attr("scope", "col")))), body)
                .withClass("wide");
    }

    /** Content that is collapsed until the reader opens it. */
    static DomContent details(String title, DomContent... content) {
        return TagCreator.details(summary(title)).with(content);
    }
}
