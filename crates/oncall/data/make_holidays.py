#!/usr/bin/env python3
"""Makes holidays.txt: the public holidays of every country, as far as the Python package `holidays` knows them.

    pip install holidays && python3 make_holidays.py FIRST_YEAR LAST_YEAR > holidays.txt

A line is a country (ISO 3166-1 alpha-2), a name in English where there is one, and its dates, with tabs between.
"""

import collections
import sys

import holidays

years = range(int(sys.argv[1]), int(sys.argv[2]) + 1)
for country in sorted(holidays.list_supported_countries(include_aliases=False)):
    dates = collections.defaultdict(set)
    for date, names in holidays.country_holidays(country, years=years, language="en_US").items():
        for name in names.split("; "):
            dates[name.strip()].add(date.strftime("%Y%m%d"))
    for name, days in sorted(dates.items()):
        print(country, name, " ".join(sorted(days)), sep="\t")
