"""Tables of URLs as programs export them, and as spreadsheets save them."""

from __future__ import annotations

import pytest

from inventory.wiring import Services
from tests.imports.actions import Listed, assert_listed

CASES = {
    "no header extra": Listed(
        name="a.csv",
        content="1,https://example.com/x,b\n2,https://example.com/b\n3,https://example.com/c\n",
        urls="https://example.com/b https://example.com/c",
        rejected=1,
    ),
    "no header extra later": Listed(
        name="a.csv",
        content="1,$A\n2,https://example.com/b,c\n3,https://example.com/c\n",
        urls="A https://example.com/c",
        rejected=1,
    ),
    "tranco no scheme": Listed(name="top-1m.csv", content="1,google.com\n2,example.com\n", refused="scheme=https"),
    "tranco": Listed(
        name="top-1m.csv",
        content="1,google.com\r\n2,example.com\r\n",
        urls="https://google.com/ H",
        options={"scheme": "https"},
    ),
    "majestic million": Listed(
        name="majestic_million.csv",
        content=(
            "GlobalRank,TldRank,Domain,TLD,RefSubNets,RefIPs,IDN_Domain,IDN_TLD,PrevGlobalRank,PrevTldR"
            "ank,PrevRefSubNets,PrevRefIPs\n1,1,google.com,com,486,2,google.com,com,1,1,4,2\n"
            "2,2,example.com,com,4,2,example.com,com,2,2,4,2\n"
        ),
        urls="https://google.com/ H",
        options={"scheme": "https"},
    ),
    "majestic backlinks": Listed(
        name="m.csv",
        content="SourceURL,AnchorText,TargetURL\nhttps://a.example/,x,$A\nhttps://b.example/,y,$B\n",
        refused="'SourceURL', 'TargetURL'",
    ),
    "semrush backlinks": Listed(
        name="s.csv",
        content=(
            "Page ascore,Source title,Source url,Target url,Anchor\n1,t,https://a.example/,$A,x\n"
            "2,t,https://b.example/,$B,x\n"
        ),
        refused="Source url",
    ),
    "ahrefs organic": Listed(
        name="a.csv",
        content=(
            '"Keyword","Country","Current URL","Previous URL"\n"a","us","$A",""\n"b","us","$B","https://example.com/old"\n'
        ),
        refused="Current URL",
    ),
    "sitebulb": Listed(
        name="sb.csv",
        content=(
            "URL,Crawl Depth,Indexable,First Parent URL\n$A,1,Yes,https://example.com/\n$B,2,Yes,https://example.com/\n"
        ),
        urls="A B",
    ),
    "gsc german": Listed(
        name="Seiten.csv",
        content="Die häufigsten Seiten,Klicks,Impressionen,CTR,Position\n$A,1,2,50%,3\n$B,1,2,50%,4\n",
        urls="A B",
    ),
    "ga4 path only": Listed(
        name="ga4.csv",
        content=(
            "# ----------------------------------------\n# Pages and screens\n# Account: X\n"
            "# ----------------------------------------\n#\n# All Users\n# Start date: 20240101\n"
            "# End date: 20240131\nPage path and screen class,Views,Active users\n/,100,50\n/about,20,10\n"
        ),
        refused="paths",
    ),
    "ga4 host+path": Listed(
        name="ga4.csv",
        content=("# ----\n# Free form\n# ----\nHostname,Page path,Views\nwww.example.com,/a,100\nwww.example.com,/b,20\n"),
        refused="paths",
        options={"scheme": "https"},
    ),
    "ga4 host+path noscheme": Listed(
        name="ga4.csv",
        content=("# ----\n# Free form\n# ----\nHostname,Page path,Views\nwww.example.com,/a,100\nwww.example.com,/b,20\n"),
        refused="paths",
    ),
    "ga4 full page url": Listed(
        name="ga4.csv",
        content="# ----\n# Free form\n# ----\nFull page URL,Views\nwww.example.com/a,100\nwww.example.com/b,20\n",
        urls="https://www.example.com/a https://www.example.com/b",
        options={"scheme": "https"},
    ),
    "ga4 page location": Listed(
        name="ga4.csv",
        content="# ----\n# Free form\n# Property: x, y\n# ----\nPage location,Views,Users\n$A,100,1\n$B,20,1\n",
        urls="A B",
    ),
    "ga ua paths": Listed(name="ua.csv", content="Page,Pageviews\n/a,100\n/b,20\n", refused="path"),
    "bing": Listed(
        name="bing.csv", content='\ufeff"Page","Impressions","Clicks"\r\n"$A","1","2"\r\n"$B","1","2"\r\n', urls="A B"
    ),
    "lighthouse csv": Listed(
        name="lh.csv",
        content=(
            '"requestedUrl","finalDisplayedUrl","fetchTime","gatherMode"\n"$A","$A","2024","navigation"\n'
            '"category","score"\n"performance","0.9"\n'
        ),
        refused="requestedUrl",
    ),
    "nirsoft": Listed(
        name="h.csv",
        content="URL,Title,Visited On,Visit Count,Visited From\n$A,T,2024,1,https://from.example/\n$B,T,2024,1,\n",
        urls="A B",
    ),
    "pocket": Listed(
        name="pocket.csv",
        content='title,url,time_added,tags,status\nT,$A,1700000000,,unread\n"T, 2",$B,1700000000,a|b,archive\n',
        urls="A B",
    ),
    "instapaper": Listed(
        name="i.csv",
        content='URL,Title,Selection,Folder,Timestamp\n$A,T,,Unread,1\n$B,T,"multi\nline",Unread,1\n',
        urls="A B",
    ),
    "raindrop": Listed(
        name="r.csv",
        content=(
            'id,title,note,excerpt,url,folder,tags,created,cover,highlights,favorite\n1,T,"a\n'
            'b","e",$A,F,"a, b",2024-01-01T00:00:00Z,https://img.example/1.png,"Highlight: x\n\n'
            'https://q.example",false\n2,T,,,$B,F,,2024,https://img.example/2.png,,false\n'
        ),
        urls="A B",
    ),
    "airtable": Listed(
        name="Grid view.csv",
        content='\ufeffName,Website,Attachments\nA,$A,"x.png (https://dl.airtable.com/1)"\nB,$B,\n',
        urls="A B",
    ),
    "notion": Listed(
        name="db.csv",
        content='\ufeffName,Created,URL,Tags\nA,"January 1, 2024",$A,"x, y"\nB,"January 2, 2024",,\n',
        urls="A",
        rejected=1,
    ),
    "excel mac cr": Listed(name="m.csv", content="Name,URL\rA,$A\rB,$B\r", urls="A B"),
    "hyperlink german": Listed(
        name="h.csv", content='Name;Link\nA;"=HYPERLINK(""$A"";""x"")"\nB;=HYPERLINK("$B")\n', urls="A B"
    ),
    "url empty rows": Listed(name="e.csv", content="url,note\n$A,x\n,y\n$B,z\n", urls="A B", rejected=1),
    "url image": Listed(
        name="p.csv",
        content="id,product_url,image_url\n1,$A,https://img.example/1\n2,$B,https://img.example/2\n",
        refused="product_url",
    ),
    "url image2": Listed(
        name="p.csv", content="id,url,image_url\n1,$A,https://img.example/1\n2,$B,https://img.example/2\n", urls="A B"
    ),
    "source target": Listed(name="e.csv", content="source,target\n$A,$B\n$B,$C\n", refused="source"),
    "source target col": Listed(
        name="e.csv", content="source,target\n$A,$B\n$B,$C\n", urls="B C", options={"column": "Target"}
    ),
    "upper header blanks": Listed(
        name="u.csv", content='\ufeff"ID"," URL ","NOTE"\r\n"1"," $A ","x"\r\n"2","$B","y"\r\n', urls="A B"
    ),
    "chinese header": Listed(name="c.csv", content="序号,网址,标题\n1,$A,测试\n2,$B,标题\n", urls="A B"),
    "comma in url unquoted": Listed(name="u.csv", content="id,url\n1,$A,b\n2,$B\n", urls="B", rejected=1),
    "semicolon url": Listed(name="u.csv", content="id;url\n1;$A;b\n2;$B\n", urls="B", rejected=1),
    "pipe url": Listed(name="u.csv", content="id,url\n1,$A|b\n2,$B\n", urls="https://example.com/a|b B"),
    "backslash quotes": Listed(name="b.csv", content='title,url\n"He said \\"hi\\"",$A\n"x",$B\n', urls="A B"),
    "dup header concat": Listed(name="d.csv", content="url,n\n$A,1\nurl,n\n$B,2\n", urls="A B", rejected=1),
    "totals row": Listed(name="t.csv", content="URL,Clicks\n$A,1\n$B,2\nTotal,3\n", urls="A B", rejected=1),
    "html named csv": Listed(
        name="h.csv", content='<!DOCTYPE html>\n<html><body><a href="$A">x</a></body></html>\n', refused="HTML"
    ),
    "html table named xls": Listed(
        name="h.xls", content="<html><table><tr><td>URL</td></tr><tr><td>$A</td></tr></table></html>", refused="HTML"
    ),
    "jsonl named csv": Listed(name="a.csv", content='{"url": "$A", "n": 1}\n{"url": "$B", "n": 2}\n', refused=".json"),
    "ffuf csv": Listed(
        name="f.csv",
        content=(
            "FUZZ,url,redirectlocation,position,status_code,content_length,content_words,content_lines,"
            "content_type,duration,resultfile,Ffufhash\na,$A,,1,200,1,1,1,text/html,1ms,,x\n"
            "b,$B,https://example.com/login,2,301,1,1,1,,1ms,,x\n"
        ),
        urls="A B",
    ),
    "httpx csv": Listed(
        name="h.csv",
        content=(
            "timestamp,hash,asn,cdn_name,port,url,input,title,scheme,final_url,host\n"
            "2024,{},,,443,$A,example.com,T,https,,192.0.2.1\n"
            "2024,{},,,443,$B,example.com,T,https,https://example.com/z,192.0.2.1\n"
        ),
        urls="A B",
    ),
    "crtsh csv": Listed(
        name="c.csv",
        content='crt.sh ID,Logged At,Common Name,Matching Identities\n1,2024,a.example.com,"a.example.com"\n',
        urls="https://a.example.com/",
        options={"scheme": "https"},
    ),
    "street address": Listed(name="s.csv", content="name,address\nJohn,12 Main St\nAnn,4 High St\n", urls="", rejected=2),
    "address website": Listed(
        name="s.csv", content="name,address,website\nJohn,12 Main St,$A\nAnn,4 High St,$B\n", urls="A B"
    ),
    "email website bare": Listed(
        name="s.csv",
        content="email,website\na@example.com,example.com\nb@example.org,www.example.org\n",
        urls="H https://www.example.org/",
        options={"scheme": "https"},
    ),
    "website mixed": Listed(name="s.csv", content="name,website\na,$A\nb,www.example.org\nc,n/a\n", urls="A", rejected=2),
    "url titlecase path": Listed(name="s.csv", content="Url Path,Url\n/a,$A\n/b,$B\n", urls="A B"),
    "col number": Listed(name="s.csv", content="a,b\n$A,$B\n", urls="B", options={"column": "2"}),
    "wp export": Listed(
        name="wp.csv",
        content=(
            '"post_title","post_name","permalink","guid"\n"A","a","$A","https://example.com/?p=1"\n'
            '"B","b","$B","https://example.com/?p=2"\n'
        ),
        refused="permalink",
    ),
    "shopify": Listed(name="s.csv", content="Redirect from,Redirect to\n/old,/new\n", refused=""),
    "csv named xlsx": Listed(name="a.xlsx", content="url\n$A\n", refused=".csv"),
    "json named xlsx": Listed(name="a.xlsx", content='["$A"]', refused=""),
    "hreflang csv": Listed(
        name="h.csv",
        content="URL,Hreflang,Alternate\n$A,de,https://example.com/de\n$B,fr,https://example.com/fr\n",
        urls="A B",
    ),
    "redirect chain": Listed(name="r.csv", content="Address,Final Address,Hops\n$A,$C,1\n$B,$C,2\n", urls="A B"),
    "redirect map": Listed(name="r.csv", content="Old URL,New URL\n$A,$C\n$B,https://example.net/d\n", refused="Old URL"),
    "german amb": Listed(name="r.csv", content="Alte URL;Neue URL\n$A;$C\n", refused="Alte URL"),
    "website cased": Listed(
        name="w.csv",
        content="Company,WEBSITE,LinkedIn URL\nx,$A,https://linkedin.com/x\ny,$B,https://linkedin.com/y\n",
        urls="A B",
    ),
    "website with slash": Listed(
        name="w.csv", content="Company,Web Site / URL,E-Mail\nx,$A,a@b.c\ny,$B,d@e.f\n", urls="A B"
    ),
    "url with units header": Listed(name="w.csv", content="URL [text],N\n$A,1\n", urls="A"),
    "crm hosts bare": Listed(
        name="w.csv",
        content="Company,Website\nx,example.com\ny,www.example.org/path\n",
        urls="H https://www.example.org/path",
        options={"scheme": "https"},
    ),
    "crm mixed scheme": Listed(
        name="w.csv", content="Company,Website\nx,example.com\ny,$A\n", urls="H A", options={"scheme": "https"}
    ),
    "spaces around delim": Listed(name="w.csv", content="url , title\n$A , A\n$B , B\n", urls="A B"),
    "spaces before quotes": Listed(name="w.csv", content='url, "title"\n$A, "A, b"\n"$B", "B"\n', urls="A B"),
    "all quoted commas url": Listed(
        name="w.csv", content='"url","t"\n"$A,b","x"\n"$B","y"\n', urls="https://example.com/a,b B"
    ),
    "quoted newline in url": Listed(name="w.csv", content='"url","t"\n"$A\nb","x"\n"$B","y"\n', urls="B", rejected=1),
    "quoted trailing newline": Listed(name="w.csv", content='"url","t"\n"$A\n","x"\n"$B","y"\n', urls="A B"),
    "cell two urls": Listed(name="w.csv", content='name,url\nx,"$A, $B"\ny,$C\n', urls="C", rejected=1),
    "cell two lines urls": Listed(name="w.csv", content='name,url\nx,"$A\n$B"\ny,$C\n', urls="C", rejected=1),
    "cell glued semicolon": Listed(name="w.csv", content="name,url\nx,$A;$B\ny,$C\n", urls="C", rejected=1),
    "cell text after": Listed(name="w.csv", content="name,url\nx,$A (dead)\ny,$C\n", urls="C", rejected=1),
    "cell text before": Listed(name="w.csv", content="name,url\nx,see $A\ny,$C\n", urls="C", rejected=1),
    "airtable attach only": Listed(name="w.csv", content='name,att\nx,"a.png (https://dl/1)"\n', refused=""),
    "md in csv": Listed(name="w.csv", content="name,url\nx,[T]($A)\ny,<$B>\n", urls="A B"),
    "single col quotes": Listed(name="w.csv", content='"$A"\n"$B"\n', urls="A B"),
    "single col trailing comma": Listed(name="w.csv", content="$A,\n$B,\n", urls="A B"),
    "single col trailing semi": Listed(name="w.csv", content="url;\n$A;\n$B;\n", urls="A B"),
    "blank first col": Listed(name="w.csv", content=",url\n0,$A\n1,$B\n", urls="A B"),
    "pandas index": Listed(name="w.csv", content=',url,title\n0,$A,"a, b"\n1,$B,c\n', urls="A B"),
    "mysql batch": Listed(name="w.tsv", content="id\turl\n1\t$A\n2\t$B\n3\tNULL\n", urls="A B", rejected=1),
    "bigquery nulls": Listed(name="w.csv", content="url,n\n$A,1\n,2\nnull,3\n", urls="A", rejected=2),
    "pg copy": Listed(name="w.tsv", content="1\t$A\t\\N\n2\t$B\tx\n", urls="A B"),
    "jira": Listed(name="w.csv", content="Summary,Custom field (URL),Created\nx,$A,1/Jan/24\n", urls="A"),
    "trello": Listed(name="w.csv", content="Card Name,Card URL,Attachment\nx,$A,\ny,$B,https://att/1\n", refused=""),
    "gsheet tsv": Listed(name="w.tsv", content="Name\tURL\r\nx\t$A\r\ny\t$B", urls="A B"),
    "utf8 bom in quoted": Listed(name="w.csv", content='\ufeff"url","n"\r\n"$A","1"\r\n', urls="A"),
    "double bom": Listed(name="w.csv", content="\ufeff\ufeffurl,n\r\n$A,1\r\n", urls="A"),
    "sep pipe": Listed(name="w.csv", content="sep=|\nurl|n\n$A,b|1\n", urls="https://example.com/a,b"),
    "sep quoted comma": Listed(name="w.csv", content='"sep=,"\r\nurl,n\r\n$A,1\r\n', urls="A"),
    "caret delim": Listed(name="w.csv", content="id^url\n1^$A\n2^$B\n", refused=""),
    "decimal comma": Listed(name="w.csv", content="url;wert\n$A;1,5\n$B;2,5\n", urls="A B"),
    "tab in csv": Listed(name="w.csv", content="url\tn\n$A\t1\n$B\t2\n", urls="A B"),
    "footer notes": Listed(
        name="w.csv", content="URL,N\n$A,1\n$B,2\n\nSource: https://tool.example/\nGenerated 2024\n", urls="A B", rejected=2
    ),
    "two tables": Listed(name="w.csv", content="URL,N\n$A,1\n$B,2\n\nDay,Views\n2024-01-01,5\n", urls="A B", rejected=2),
    "ga4 totals": Listed(
        name="w.csv", content="# ----\n# x\n# ----\n#\nPage location,Views\n,300\n$A,100\n$B,200\n", urls="A B", rejected=1
    ),
    "preamble url": Listed(
        name="w.csv", content="Report for,https://example.com\nDate,2024\n\nURL,Title,N\n$A,x,1\n$B,y,2\n", urls="A B"
    ),
    "preamble long": Listed(
        name="w.csv",
        content=(
            "note 0\nnote 1\nnote 2\nnote 3\nnote 4\nnote 5\nnote 6\nnote 7\nnote 8\nnote 9\nnote 10\nnote 11\n"
            "note 12\nnote 13\nnote 14\nnote 15\nnote 16\nnote 17\nnote 18\nnote 19\nURL,Title,N\n$A,x,1\n"
            "$B,y,2\n"
        ),
        urls="A B",
    ),
    "ftp values": Listed(name="w.csv", content="url\nftp://example.com/a\n$A\n", urls="A", rejected=1),
    "mailto values": Listed(name="w.csv", content="link\nmailto:a@b.c\ntel:1\n$A\n", urls="A", rejected=2),
    "col missing": Listed(name="w.csv", content="id,url\n1,$A\n", refused="'id', 'url'", options={"column": "nope"}),
    "col case": Listed(name="w.csv", content="Id,Target URL \n1,$A\n", urls="A", options={"column": "target url"}),
    "col nbsp": Listed(name="w.csv", content="Id,Target\xa0URL\n1,$A\n", urls="A", options={"column": "target url"}),
    "hyperlink xl": Listed(name="w.csv", content='Name,Link\nx,"=HYPERLINK(""$A"";""T"")"\ny,$B\n', urls="A B"),
    "excel at": Listed(name="w.csv", content='Name,Link\nx,"=IMAGE(""$A"")"\ny,$B\n', urls="B", rejected=1),
    "apostrophe": Listed(name="w.csv", content="url\n'$A\n$B\n", urls="B", rejected=1),
    "amazon s3 inv": Listed(name="w.csv", content='"bucket","key/a.txt","123"\n', refused=""),
    "cloudfront tsv": Listed(
        name="w.tsv",
        content=(
            "#Version: 1.0\n#Fields: date time x-edge\n"
            "2024-01-01\t00:00:00\tFRA\t10\t192.0.2.1\tGET\td.cloudfront.net\t/a\t200\thttps://ref.example/\n"
        ),
        refused="",
    ),
    "statscrop": Listed(
        name="w.csv",
        content="host,ip,cname\nexample.com,192.0.2.1,x.cdn.example\nexample.org,192.0.2.2,y.cdn.example\n",
        urls="H I",
        options={"scheme": "https"},
    ),
    "dns csv amb": Listed(
        name="w.csv",
        content="name,target2\nexample.com,cdn.example\nexample.org,cdn2.example\n",
        refused="hosts",
        options={"scheme": "https"},
    ),
    "links with anchors": Listed(
        name="w.csv", content="from,anchor,to\n$A,Hello https://x,$B\n$B,Go,$C\n", refused="'from'"
    ),
    "w3 validator": Listed(name="w.csv", content='Url,Line,Message\n$A,1,"Bad <a href=""x"">"\n$B,2,x\n', urls="A B"),
    "brace in csv": Listed(name="w.csv", content='url,data\n$A,"{""a"": 1}"\n$B,"[1, 2]"\n', urls="A B"),
    "unbalanced quote title": Listed(name="w.csv", content='title,url\n5" disk,$A\n"ok",$B\nit"s,$C\n', urls="A B C"),
    "semicolon quoted mix": Listed(name="w.csv", content='a;url;c\n1;"$A";2\n2;$B;"x;y"\n', urls="A B"),
    "csv named tsv": Listed(name="a.tsv", content="id,url\n1,$A\n", urls="A"),
    "zwsp cells": Listed(name="x.csv", content="url\n\u200b$A\n\u200b$B\n", urls="A B"),
    "multiline header": Listed(name="m.csv", content='"Landing\nPage","Clicks"\n$A,1\n$B,2\n', urls="A B"),
    "upper URL2": Listed(name="a.csv", content="ID;URL ;TITLE\n1;$A;x\n2;$B;y\n", urls="A B"),
    "url_1 url_2": Listed(name="a.csv", content="url_1,url_2\n$A,$B\n", refused="'url_1', 'url_2'"),
    "link+image": Listed(name="a.csv", content="title,link,image_link\nx,$A,https://i/1\n", urls="A"),
    "product_url only": Listed(name="a.csv", content="sku,product_url\n1,$A\n2,$B\n", urls="A B"),
    "column by number oob": Listed(name="a.csv", content="a,b\n$A,x\n", refused="no column '5'", options={"column": "5"}),
    "column number no header": Listed(name="a.csv", content="$A,$B\n$B,$C\n", urls="B C", options={"column": "2"}),
    "empty url col but other": Listed(name="a.csv", content="url,source\n,$A\n,$B\n", urls="A B"),
    "url col na": Listed(name="a.csv", content="url\nN/A\nN/A\n", urls="", rejected=2),
    "quoted header delim": Listed(name="a.csv", content='"url,x";n\n$A;1\n$B;2\n', urls="A B"),
    "utf7": Listed(name="a.csv", content="url,t\n$A,+AOk-\n", urls="A"),
    "trailing delimiters": Listed(name="a.csv", content="url,title,,,\n$A,x,,,\n$B,y,,,\n", urls="A B"),
    "leading blank lines": Listed(name="a.csv", content="\n\n\nurl,title\n$A,x\n", urls="A"),
    "spaces lines": Listed(name="a.csv", content="url,title\n   \n$A,x\n ,\n", urls="A", rejected=1),
    "semrush sep": Listed(name="a.csv", content="Keyword;Position;URL;Traffic\nx;1;$A;5\ny;2;$B;6\n", urls="A B"),
    "tabs in header only quoted": Listed(name="a.tsv", content='"URL"\t"Title"\n$A\tx\n"$B"\t"y\tz"\n', urls="A B"),
    "ga4 full+path": Listed(
        name="g.csv",
        content="Full page URL,Page path,Views\nwww.example.com/a,/a,10\nwww.example.com/b,/b,10\n",
        urls="https://www.example.com/a https://www.example.com/b",
        options={"scheme": "https"},
    ),
    "ga4 full+path noscheme": Listed(
        name="g.csv", content="Full page URL,Page path,Views\nwww.example.com/a,/a,10\n", refused="scheme=https"
    ),
    "ahrefs broken": Listed(
        name="a.csv",
        content='"Referring page URL","Link URL","Code"\n"$A","$C","404"\n"$B","https://example.net/d","404"\n',
        refused="Link URL",
    ),
    "ahrefs broken col": Listed(
        name="a.csv",
        content='"Referring page URL","Link URL","Code"\n"$A","$C","404"\n"$B","https://example.net/d","404"\n',
        urls="C https://example.net/d",
        options={"column": "link url"},
    ),
    "semrush audit": Listed(name="a.csv", content="Page URL;Title;Issues\n$A;x;1\n$B;y;2\n", urls="A B"),
    "sf from to": Listed(
        name="a.csv", content="Type,From,To,Anchor\nHyperlink,$A,$B,x\nHyperlink,$B,$C,y\n", refused="'From', 'To'"
    ),
    "botify": Listed(name="a.csv", content="Full URL,HTTP Status Code\n$A,200\n$B,404\n", urls="A B"),
    "linkedin": Listed(
        name="Connections.csv",
        content=(
            'Notes:\n"When exporting your connection data, you may notice that some of the email addresses are '
            "missing. You will only see email addresses for connections who have allowed it. You can le"
            'arn more here https://www.linkedin.com/help/linkedin/answer/261"\n\n'
            "First Name,Last Name,URL,Email Address,Company,Position,Connected On\nA,B,$A,,X,Y,01 Jan 2024\n"
            "C,D,$B,,X,Y,01 Jan 2024\n"
        ),
        urls="A B",
    ),
    "hubspot": Listed(
        name="h.csv",
        content="Record ID,Company name,Company Domain Name,Website URL\n1,x,example.com,$A\n2,y,example.org,$B\n",
        urls="A B",
    ),
    "takeout saved": Listed(
        name="s.csv", content="Title,Note,URL,Tags,Comment\n,,,,\nx,,$A,,\ny,,$B,,\n", urls="A B", rejected=1
    ),
    "mastodon": Listed(name="bookmarks.csv", content="$A\n$B\n", urls="A B"),
    "linkchecker": Listed(
        name="l.csv",
        content=(
            "# created by LinkChecker at 2024\n# you can get it at https://linkchecker.github.io/\n"
            "urlname;parentname;baseref;result;valid;url;line\n/a;https://example.com/;;200 OK;True;$A;1\n"
            "/b;https://example.com/;;200 OK;True;$B;2\n"
        ),
        urls="A B",
    ),
    "csv header dup urls": Listed(name="a.csv", content="url,url\n$A,$A\n$B,$B\n", urls="A B"),
    "csv utm": Listed(
        name="a.csv",
        content="Landing page + query string,Sessions\nexample.com/a?utm=1,5\nexample.org/b,2\n",
        urls="https://example.com/a?utm=1 https://example.org/b",
        options={"scheme": "https"},
    ),
    "csv not set": Listed(name="a.csv", content="Landing page,Sessions\n(not set),5\n$A,2\n", urls="A", rejected=1),
    "csv thousands quoted": Listed(
        name="a.csv", content='Page,"Impr, total",Clicks\n$A,"1,234",5\n$B,"2,345",6\n', urls="A B"
    ),
    "csv unquoted thousands": Listed(name="a.csv", content="Page,Clicks\n$A,1,234\n$B,2,345\n$C,5\n", urls="A B C"),
    "csv query comma": Listed(
        name="a.csv", content="Page,Clicks\nhttps://example.com/?q=a,b,5\n$B,6\n$C,7\n", urls="B C", rejected=1
    ),
    "semicolons in query tsv": Listed(
        name="a.tsv", content="url\tn\nhttps://example.com/?a=1;b=2\t1\n", urls="https://example.com/?a=1;b=2"
    ),
}


@pytest.mark.parametrize("listed", CASES.values(), ids=CASES)
def test_each_is_taken_or_refused(services: Services, listed: Listed) -> None:
    assert_listed(services, listed)
